/** What Robotoff's image does not hold: folders of the host or volumes, and the jobs that fill them. */
import { readFileSync } from "node:fs";
import type { RobotoffSettings } from "../../config/robotoff.ts";
import type { Mount } from "../../config/units.ts";
import { SNAPSHOTS } from "../servers/elasticsearch.ts";
import { backupVolumes } from "../servers/postgres-backup.ts";
import { ANY_FILE, completed, imageReference, serviceSpec } from "../service-spec.ts";
import type { ServiceSpec, SystemSpec } from "../spec.ts";

const FOLDERS = ["data", "cache", "datasets", "models"] as const;

/** fastText's model of languages, as upstream's `make dl-langid-model` gets it. */
const LANGUAGES = {
  url: "https://dl.fbaipublicfiles.com/fasttext/supervised-models/lid.176.bin",
  sha256: "7e69ec5451bc261cc7844e49e4792a85d7f09c06789ec800fc4a44aec362764e",
};

/** A volume's short name, or a folder of the host with the path of the stack file that names it. */
export function source(settings: RobotoffSettings, name: (typeof FOLDERS)[number]): Pick<Mount, "source" | "path"> {
  const given = settings.folders[name];
  if (given !== undefined) return { source: given, path: `robotoff:folders.${name}` };
  const checkout = settings.checkout?.folder;
  // The host is not asked for what the checkout makes: no path names it.
  return { source: checkout === undefined ? name : `${checkout}/${name}` };
}

/** Where Triton's models are. */
export function tritonModels(settings: RobotoffSettings): string {
  const checkout = settings.checkout?.folder;
  return settings.folders.tritonModels ?? (checkout === undefined ? "triton-models" : `${checkout}/models/triton`);
}

/** The folders as every process of Robotoff sees them. */
export function folderMounts(settings: RobotoffSettings): Mount[] {
  return FOLDERS.map((name) => ({
    ...source(settings, name),
    target: `/opt/robotoff/${name}`,
    readOnly: false,
  }));
}

/** A script of this folder, as a file of the container that runs it. */
function script(name: string): Pick<ServiceSpec, "entrypoint" | "files"> {
  const path = `/usr/local/bin/${name}`;
  return { entrypoint: ["sh", path], files: [{ path, content: readFileSync(`systems/robotoff/${name}`, "utf8") }] };
}

/** Brings the folders to the declared commit of upstream's repository; none without `robotoff:checkout`. */
export function checkoutJob(settings: RobotoffSettings): ServiceSpec[] {
  if (!settings.checkout) return [];
  const { repository, commit, folder } = settings.checkout;
  const path = "robotoff:checkout.folder";
  return [
    serviceSpec({
      name: "checkout",
      kind: "job",
      image: imageReference(settings.images.git),
      ...script("checkout.sh"),
      command: [repository, commit, "/checkout"],
      // git keeps what it unpacks of a history in memory, up to its big files' limit of 512 MiB for each; LFS streams. Not measured.
      memory: 2 ** 30,
      // It gives all to the user that Robotoff runs as.
      capAdd: ANY_FILE,
      networks: ["default"],
      readOnly: false,
      mounts: folder
        ? [{ source: folder, target: "/checkout", readOnly: false, path }]
        : FOLDERS.map((name) => ({ ...source(settings, name), target: `/checkout/${name}`, readOnly: false })),
    }),
  ];
}

/**
 * A service that mounts folders of the checkout on the host, with the need of the job that makes them: Docker refuses a container whose
 * folder is not there, which on a new host is every one.
 */
export function afterCheckout(settings: RobotoffSettings, service: ServiceSpec): ServiceSpec {
  const folder = settings.checkout?.folder;
  if (folder === undefined || !service.mounts.some(({ source }) => source.startsWith(`${folder}/`))) return service;
  if (service.needs.some((need) => need.service === "checkout")) return service;
  return { ...service, needs: [...service.needs, ...completed("checkout")] };
}

/** Gets the model of the language identification server, where it is missing. */
export function languageModelJob(settings: RobotoffSettings): ServiceSpec {
  return serviceSpec({
    name: "langid-model",
    kind: "job",
    image: imageReference(settings.images.robotoff),
    ...script("langid-model.sh"),
    readOnly: false,
    networks: ["default"],
    command: ["/opt/robotoff/models/lid.176.bin", LANGUAGES.url, LANGUAGES.sha256],
    mounts: folderMounts(settings).filter((mount) => mount.target.endsWith("/models")),
  });
}

/** Robotoff's volumes: upstream's, those of folders that the host does not provide, and what the stack file adds. */
export function volumes(settings: RobotoffSettings, backedUp: boolean): SystemSpec["volumes"] {
  const folders = [...FOLDERS.map((name) => source(settings, name).source), tritonModels(settings)];
  const names = [
    "postgres-data", "postgres-tmp", "es-data", "es-logs", "redis-data", "backup", "tmp", "home_cache", "elasticsearch_tmp",
    ...(backedUp ? [...Object.values(backupVolumes("-")), SNAPSHOTS.volume] : []),
    ...(settings.triton.run ? folders : folders.slice(0, -1)).filter((name) => !name.startsWith("/")),
  ]; // prettier-ignore
  return [...new Set([...names, ...Object.keys(settings.volumes)])].map((name) => ({
    name,
    dockerName: settings.volumes[name]?.name ?? `${settings.project}_${name}`,
    external: settings.volumes[name]?.external ?? false,
  }));
}
