/** What a host is asked for `make drift`: all of it in one round trip, and nothing is changed by it. */
import { dirname, join } from "node:path";
import { schedulesOf } from "../../backups/parts.ts";
import type { InspectedImage, InspectedNetwork, InspectedVolume } from "../../engines/docker/inspect.ts";
import { quote } from "../../hosts/connection.ts";
import type { Ended } from "../../hosts/docker.ts";
import { scheduleWords } from "../../hosts/schedule.ts";
import { script } from "../../hosts/scripts.ts";
import { together } from "../../hosts/together.ts";
import { networkNames, type SystemSpec } from "../../systems/spec.ts";
import type { Stack } from "../../systems/stack.ts";
import type { Container } from "./containers.ts";
import { hashes, uploadFolders } from "./files.ts";
import type { Wanted } from "./wanted.ts";

/** What a host has. */
export interface Found {
  containers: Container[];
  networks: InspectedNetwork[];
  volumes: InspectedVolume[];
  images: InspectedImage[];
  /** Hashes of the scripts that can be run, by name. */
  scripts: Map<string, string>;
  /** Hashes of the files that containers have their secrets from, by project, and by FOLDER/NAME. */
  secrets: Map<string, Map<string, string>>;
  /** What schedule.sh says of each of schedulesOf(), of one system after the other. */
  schedules: string[];
  /** The names of what the host runs by itself. */
  scheduled: string[];
  /** Hashes of what containers were given, by container and path. */
  uploads: Map<string, Map<string, string>>;
}

const IDS = "ids=$(docker container ls --all --quiet --no-trunc) || exit";
const OWN = '"$HOME"/.local/share/robotoff-protea';

/** Those of a folder in a container as sha256sum prints them; it need not run. The path is tar's, below the folder. */
const filesLine = (container: string, path: string) =>
  `docker container cp ${quote(`${container}:${path}`)} - | tar -x --to-command='echo "$(sha256sum | cut -c1-64)  $TAR_FILENAME"'`;

/**
 * What was printed.
 * @param missing what is no failure: something that is not there
 * @throws Error with what was complained of
 */
function printed({ code, stdout, stderr }: Ended, missing = /(?!)/): string {
  const complaints = stderr.split("\n").filter((line) => line.trim() && !missing.test(line));
  if (complaints.length > 0) throw new Error([...new Set(complaints)].join("\n"));
  if (code !== 0 && !stderr.trim()) throw new Error(`the host could not be asked: exit code ${code}`);
  return stdout;
}

/** `docker inspect` prints a list of what is there, and complains of the rest. */
const list = <T>(ended: Ended, missing = /no such (container|image|network|volume)|network \S+ not found/i) =>
  JSON.parse(printed(ended, missing) || "[]") as T[];

/** Files of a container that is not there, and those that are not in it: then nothing comes out for tar to read either. */
const NO_FILE = /no such container|could not find the file|^tar: |not look like a tar archive/i;

/**
 * @throws Error with what the host, or its engine, complains of
 */
export function ask(stack: Stack, systems: SystemSpec[], wanted: Wanted[]): Found {
  const { host } = stack;
  const services = systems.flatMap((system) => system.services);
  const networks = new Set([...systems.flatMap(networkNames), ...services.flatMap((one) => one.externalNetworks)]);
  const images = [...new Set(services.map(({ image }) => image))].map(quote).join(" ");
  const schedules = systems.flatMap((system) => schedulesOf(system, host));
  const uploads = wanted.flatMap((one) =>
    [...uploadFolders(one).keys()].map((path) => ({ container: one.name, path })),
  );
  const lines = [
    `${IDS}; [ -z "$ids" ] || docker container inspect $ids`,
    `docker network inspect ${[...networks].map(quote).join(" ")}`,
    'names=$(docker volume ls --quiet) || exit; [ -z "$names" ] || docker volume inspect $names',
    `${IDS}; [ -z "$ids" ] || own=$(docker container inspect --format '{{.Image}}' $ids | sort -u); docker image inspect ${images} $own`,
    `cd ${OWN}/scripts 2> /dev/null || exit 0; find . -name '*.sh' -perm -100 -exec sha256sum {} +`,
    `ls ${OWN}/schedule 2> /dev/null || :`,
    ...systems.map(
      ({ project }) =>
        `cd ${OWN}/secrets/${quote(project)} 2> /dev/null || exit 0; find . -type f -perm -444 -exec sha256sum {} +`,
    ),
    ...schedules.map((schedule) => `sh -s -- look ${scheduleWords(host, schedule)}`),
    ...uploads.map(({ container, path }) => filesLine(container, path)),
  ];
  const [containers, found, volumes, known, scripts, scheduled, ...rest] = together(
    host,
    lines,
    script("schedule").content,
  ) as [Ended, Ended, Ended, Ended, Ended, Ended, ...Ended[]];
  const secrets = rest.splice(0, systems.length);
  const files = new Map<string, Map<string, string>>();
  for (const [index, { container, path }] of uploads.entries()) {
    const inside = hashes(printed(rest[schedules.length + index]!, NO_FILE));
    const own = files.get(container) ?? new Map<string, string>();
    for (const [name, hash] of inside) own.set(join(dirname(path), name), hash);
    files.set(container, own);
  }
  return {
    containers: list(containers),
    networks: list(found),
    volumes: list(volumes),
    images: list(known),
    scripts: hashes(printed(scripts)),
    secrets: new Map(systems.map(({ project }, index) => [project, hashes(printed(secrets[index]!))])),
    scheduled: printed(scheduled).split("\n").filter(Boolean),
    schedules: rest.slice(0, schedules.length).map((ended) => printed(ended)),
    uploads: files,
  };
}
