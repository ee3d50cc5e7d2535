/** The containers in which PROTEA's bucket, lab folder and repository are backed up. */
import { readdirSync } from "node:fs";
import { backupServices } from "../../../systems/protea/backup-services.ts";
import type { ProteaSettings } from "../../../config/protea.ts";
import { healthcheck } from "../../../systems/healthchecks.ts";
import { describeStack } from "../../../systems/stack.ts";
import { environmentOf } from "../support/containers.ts";
import { MINIMAL, raw, type Values } from "../support/stack.ts";
import { namespaces } from "../../../config/read.ts";

const services = (changes: Partial<ProteaSettings> = {}) => {
  const settings = namespaces.protea.parse({ images: { protea: "protea:1", frontend: "frontend:1" } });
  return backupServices({ ...settings, ...changes }, "/srv/backups");
};
const named = (all: ReturnType<typeof services>) => Object.fromEntries(all.map((service) => [service.name, service]));

test("the bucket's needs the server's address with its secret, the bucket's name and every file of the program", () => {
  const { "files-backup": files, ...others } = named(services({ bucket: "artefacts" }));
  expect(others).toEqual({});
  expect(environmentOf(files!)).toEqual({
    MC_HOST_server: "http://protea:${protea:minioPassword|url}@minio:9000",
    BUCKET: "artefacts",
    RABBITMQ_URL: "amqp://protea:${protea:rabbitmqPassword|url}@rabbitmq/",
    RABBITMQ_MEMORY: "536870912",
  });
  const program = readdirSync("systems/protea/backup-parts").filter((name) => name.endsWith(".py"));
  expect(program).toContain("bucket.py");
  expect(files!.files.map(({ path }) => path)).toEqual(program.sort().map((name) => `/opt/backup-parts/${name}`));
  expect(files!.files.every(({ content }) => content.startsWith('"""'))).toBe(true);
});

test("what is kept is mounted read-only, and the backups are not", () => {
  const { "files-backup": files, "git-backup": git } = named(services({ lab: "/srv/lab", repository: "/srv/thesis" }));
  const backups = { source: "/srv/backups", target: "/backups", readOnly: false, path: "host:backups.directory" };
  expect(files!.mounts).toEqual([backups, { source: "/srv/lab", target: "/lab", readOnly: true, path: "protea:lab" }]);
  expect(git!.mounts).toEqual([
    backups,
    { source: "/srv/thesis", target: "/repository", readOnly: true, path: "protea:repository" },
  ]);
  expect(git!.image).toBe("alpine/git:v2.47.2");
});

test("without a folder of backups a stack has none of them", () => {
  const changes: Values = { "protea:lab": "/srv/lab", "protea:repository": "/srv/thesis" };
  const all = describeStack(raw({ ...MINIMAL, ...changes })).systems.flatMap((system) => system.services);
  expect(all.filter(({ name }) => name === "files-backup" || name === "git-backup")).toEqual([]);
});

test("what the copy off the host is made in: it waits, reads what anybody's files are, and changes no backup", () => {
  const copy = { repository: "rest:https://example.org/backups" };
  const { systems } = describeStack(raw({ ...MINIMAL, "host:backups": { directory: "/srv/backups", copy } }));
  for (const { services } of systems)
    expect(services.find(({ name }) => name === "backup-copy")).toMatchObject({
      entrypoint: ["tail"],
      command: ["-f", "/dev/null"],
      user: "0:0",
      mounts: [{ source: "/srv/backups", target: "/backups", readOnly: true, path: "host:backups.directory" }],
      healthcheck: healthcheck(["CMD", "test", "-r", "/backups"]),
      memory: 512 * 2 ** 20,
      stopSignal: "SIGKILL",
    });
});
