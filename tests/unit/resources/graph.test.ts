/** The resources the program registers, seen by a mock of Pulumi's engine. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expectGolden } from "../support/golden.ts";
import { find, graph, SECRET, type Registered } from "../support/graph.ts";
import { fileValues, MINIMAL, type Values } from "../support/stack.ts";
import { renderTree } from "../support/tree.ts";

const LOCAL = fileValues("Pulumi.local.yaml");
const isA = (kind: string) => (resource: Registered) => resource.type.endsWith(`:${kind}`);
const named = (resources: Registered[]) => resources.map((resource) => resource.name);

describe("local", () => {
  let resources: Registered[] = [];
  beforeAll(async () => {
    resources = await graph("local", LOCAL);
  });

  test("types, names, parents and waiting are as reviewed", () => {
    expectGolden(renderTree(resources), "tests/unit/resources/local.txt");
  });

  test("names are unique, and a child's begins with its parent's", () => {
    expect(new Set(named(resources)).size).toBe(resources.length);
    const odd = resources.filter(({ name, parent }) => parent !== "" && !name.startsWith(`${parent}-`));
    expect(named(odd)).toEqual([]);
  });

  test("one Docker provider, which every Docker resource uses", () => {
    expect(named(resources.filter(({ type }) => type === "pulumi:providers:docker"))).toEqual(["host-docker"]);
    const docker = resources.filter(({ type }) => type.startsWith("docker:"));
    expect(docker.length).toBeGreaterThan(50);
    expect(named(docker.filter(({ provider }) => provider !== "host-docker"))).toEqual([]);
  });

  test("before anything is touched, a new state is checked against what is there", () => {
    const foundation = resources.filter(
      (resource) => isA("Network")(resource) || isA("Volume")(resource) || isA("RemoteImage")(resource),
    );
    const unchecked = foundation.filter(({ parent, after }) => !after.includes(`${parent}-first`));
    expect(named(unchecked)).toEqual([]);
  });

  test("every container waits for its network, volumes and image, and is replaced in place", () => {
    const containers = resources.filter(isA("Container"));
    const images = new Map(resources.filter(isA("RemoteImage")).map(({ inputs, name }) => [inputs.name, name]));
    for (const { name, parent, inputs, after, deleteBeforeReplace } of containers) {
      const system = parent.split("-")[0]!;
      const image = images.get(inputs.image)!;
      const volumes = resources.filter(isA("Volume")).filter((volume) => volume.parent === system);
      expect({ name, after }).toEqual({
        name,
        after: expect.arrayContaining([`${system}-network`, image, ...named(volumes)]) as string[],
      });
      expect({ name, deleteBeforeReplace }).toEqual({ name, deleteBeforeReplace: true });
    }
  });

  test("a moved tag replaces containers: the image's id is a label", () => {
    expect(find(resources, "robotoff-redis-1").inputs.labels).toContainEqual({
      label: "com.docker.compose.image",
      value: "sha256:robotoff-image-robotoff-protea-redis",
    });
  });

  test("a job runs again when its container is another", () => {
    expect(find(resources, "protea-migrate-run-1").inputs.triggers).toEqual(["protea-migrate-1-id"]);
  });

  test("a job's script is installed under its content's hash before the job runs it by that name", () => {
    const content = readFileSync("hosts/scripts/job.sh", "utf8");
    const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
    const { inputs } = find(resources, "host-script-job");
    expect(inputs).toMatchObject({ stdin: content, triggers: [hash] });
    const { inputs: job, after } = find(resources, "protea-queues-run-1");
    expect(job.create).toBe(`"$HOME"/.local/share/robotoff-protea/scripts/job-${hash}.sh protea-queues-1`);
    expect(after).toContain("host-script-job");
    // And before a migration, a checkpoint.
    const migration = find(resources, "protea-migrate-run-1");
    expect(migration.inputs.create).toMatch(/job-\w+\.sh protea-migrate-1 protea-postgres-backup-1 vault-\w{12}\.sh$/);
    expect(migration.after).toEqual(
      expect.arrayContaining(["host-script-job", "host-script-vault", "protea-postgres-backup-healthy"]),
    );
  });

  test("a command runs only when a trigger changes, and nothing is undone", () => {
    const commands = resources.filter(isA("Command"));
    expect(commands.length).toBeGreaterThan(8);
    // But for where secrets are: what it prints is used, and they go with the system.
    const folders = ["robotoff-secrets-folder", "protea-secrets-folder"];
    expect(named(commands.filter(({ inputs }) => inputs.update !== ":"))).toEqual(folders);
    expect(named(commands.filter(({ inputs }) => "delete" in inputs))).toEqual(folders);
    const { inputs } = find(resources, folders[1]!);
    expect(inputs.update).toBe(inputs.create);
    expect(inputs.delete).toMatch(/^\[ ! -x \S+ \] \|\| \S+\/secrets-\w{12}\.sh remove protea$/);
    expect(inputs.triggers).toEqual([]);
  });

  test("secrets are written before any container is made, and those that none has any more are removed after all are", () => {
    const containers = resources.filter(isA("Container")).filter(({ parent }) => parent.startsWith("protea"));
    expect(named(containers.filter(({ after }) => !after.includes("protea-secrets-files")))).toEqual([]);
    const { inputs, after, secretOutputs } = find(resources, "protea-secrets-files");
    expect(secretOutputs).toEqual(["stdin"]);
    expect(after).toContain("host-script-secrets-exec");
    const keep = find(resources, "protea-secrets-keep");
    expect(keep.inputs.triggers).toEqual(inputs.triggers);
    expect(String(keep.inputs.create).split(" keep protea ")[1]).toBe((inputs.triggers as string[]).join(" "));
    expect(keep.after).toEqual(expect.arrayContaining(named(containers)));
  });

  test("volumes may go", () => {
    const volumes = resources.filter(isA("Volume"));
    expect(volumes.length).toBeGreaterThan(10);
    expect(named(volumes.filter((volume) => volume.protect || volume.retainOnDelete))).toEqual([]);
  });

  test("no volume is replaced because of its labels: an empty one would be in the place of the data", () => {
    const volumes = resources.filter(isA("Volume"));
    expect(named(volumes.filter(({ ignoreChanges }) => ignoreChanges.join() !== "labels"))).toEqual([]);
  });

  test("a password is generated once, and nothing of it is logged", () => {
    const generating = resources.filter(({ parent }) => parent === "secrets");
    expect(generating.length).toBeGreaterThan(3);
    for (const { inputs, secretOutputs } of generating) {
      expect(inputs).toEqual({
        create: "od -An -N16 -tx1 /dev/urandom | tr -d ' \\n'",
        update: ":",
        logging: "none",
        addPreviousOutputInEnv: false,
      });
      expect(secretOutputs).toEqual(["stdout"]);
    }
  });

  test("generated passwords are kept as secrets and appear nowhere in clear", () => {
    expect(find(resources, "secrets-protea-minioPassword").secretOutputs).toEqual(["stdout"]);
    expect(JSON.stringify(resources)).not.toContain("generated-by-secrets-");
    const container = find(resources, "protea-minio-1");
    const file = "MINIO_ROOT_PASSWORD_FILE=/run/secrets/MINIO_ROOT_PASSWORD";
    expect(container.inputs.envs).toEqual([file, "MINIO_ROOT_USER=protea"]);
    const { source, ...mount } = (container.inputs.mounts as { source: string; target: string }[]).at(-1)!;
    expect(mount).toEqual({ type: "bind", target: "/run/secrets", readOnly: true });
    const files = find(resources, "protea-secrets-files");
    expect(files.inputs.stdin).toBe(SECRET);
    const line = [source.split("/").at(-1), "MINIO_ROOT_PASSWORD", "generated-by-secrets-protea-minioPassword"];
    expect(String(files.revealed().stdin).split("\n")).toContain(line.join("\t"));
  });
});

describe("production", () => {
  const KEYS = [
    ...["postgresPassword", "elasticPassword", "offPassword", "sentryDsn"].map((name) => `robotoff:${name}`),
    ...["influxdbAuthToken", "googleCredentials", "batchJobKey", "nutripatrolToken"].map((name) => `robotoff:${name}`),
    ...["postgresPassword", "rabbitmqPassword", "minioPassword"].map((name) => `protea:${name}`),
  ];
  // Each its own; PostgreSQL's has what is encoded within a URL.
  const valueOf = (key: string) => (key === "robotoff:postgresPassword" ? "hunter2@/%" : `hunter2${key.split(":")[1]}`);
  const secrets = Object.fromEntries(KEYS.map((key) => [key, valueOf(key)]));
  let resources: Registered[] = [];
  beforeAll(async () => {
    resources = await graph("production", fileValues("Pulumi.production.yaml"), secrets);
  });

  test("the host's schedule is set after the first backup, set anew when it changes, and removed with its declaration", () => {
    const schedules = resources.filter(({ name }) => name.includes("-schedule-"));
    expect(named(schedules).sort()).toEqual(
      ["protea", "robotoff"].flatMap((one) => ["backup", "verify"].map((run) => `${one}-backups-schedule-${run}`)),
    );
    const { inputs, after, deleteBeforeReplace } = find(resources, "protea-backups-schedule-verify");
    const scripts = '"$HOME"/.local/share/robotoff-protea/scripts';
    const plain = (text: unknown) => String(text).replaceAll(/-[0-9a-f]{12}\.sh/g, ".sh");
    expect(plain(inputs.create)).toMatch(
      `${scripts}/schedule.sh set robotoff-protea-protea-verify 'Sun 05:00' - ${scripts}/verify.sh protea /srv/backups ` +
        "protea-postgres-backup-1 vault.sh part-restore.sh latest deep postgres=protea-postgres-backup-1=postgres=part-postgres.sh ",
    );
    expect(inputs.update).toBe(inputs.create);
    expect(plain(inputs.delete)).toBe(
      `[ ! -x ${scripts}/schedule.sh ] || ${scripts}/schedule.sh remove robotoff-protea-protea-verify`,
    );
    expect(after).toEqual(
      expect.arrayContaining(["protea-backups-first", "host-script-schedule", "host-script-verify"]),
    );
    expect(deleteBeforeReplace).toBe(true);
    // On a host that was made anew its containers are others too.
    expect(inputs.triggers).toEqual(["protea-postgres-backup-1-id", "protea-postgres-1-id"]);
  });

  test("the first copy off the host comes after the first backup, and no schedule waits for it", async () => {
    const values = fileValues("Pulumi.production.yaml");
    const backups = { ...(values["host:backups"] as Values), copy: { repository: "rest:https://example.org" } };
    const copied = await graph(
      "production",
      { ...values, "host:backups": backups },
      { ...secrets, "host:copyPassword": "hunter2" },
    );
    const { inputs, after } = find(copied, "protea-backups-first-copy");
    expect(String(inputs.create)).toMatch(
      /copy-\w{12}\.sh protea protea-postgres-backup-1 vault-\w{12}\.sh protea-backup-copy-1$/,
    );
    expect(after).toEqual(expect.arrayContaining(["protea-backups-first", "host-script-copy", "host-script-vault"]));
    expect(inputs.triggers).toContain("protea-backup-copy-1-id");
    expect(find(copied, "protea-backups-schedule-backup").after).not.toContain("protea-backups-first-copy");
  });

  test("no container is made before the job that makes its folders on the host, a job's own included", () => {
    const bound = resources.filter(isA("Container")).filter(({ name, inputs }) => {
      const mounts = (inputs.mounts ?? []) as { source: string }[];
      return name !== "robotoff-checkout-1" && mounts.some(({ source }) => source.startsWith("/home/off/"));
    });
    expect(named(bound)).toContain("robotoff-migrate-1");
    expect(named(bound.filter(({ after }) => !after.includes("robotoff-checkout-run-1")))).toEqual([]);
  });

  test("volumes are protected and stay when the program no longer has them; nothing but volumes is", () => {
    const volumes = resources.filter(isA("Volume"));
    expect(volumes.length).toBeGreaterThan(5);
    expect(named(volumes.filter((volume) => !volume.protect || !volume.retainOnDelete))).toEqual([]);
    expect(named(resources.filter((resource) => resource.protect && !isA("Volume")(resource)))).toEqual([]);
  });

  test("external volumes are mounted and never registered", () => {
    const names = resources.filter(isA("Volume")).map(({ inputs }) => inputs.name);
    const external = ["robotoff_postgres-data", "robotoff_es-data", "robotoff_backup"];
    expect(names).toEqual(expect.arrayContaining(["robotoff_redis-data", "protea_postgres_data"]));
    expect(names.filter((name) => external.includes(name as string))).toEqual([]);
    const mounts = find(resources, "robotoff-postgres-1").inputs.mounts as { source: string }[];
    expect(mounts.map(({ source }) => source)).toEqual([
      "robotoff_postgres-data",
      "robotoff_postgres-tmp",
      "robotoff_backup",
      "robotoff_postgres-socket",
      expect.stringMatching(/^generated-by-robotoff-secrets-folder\/postgres-\w{12}$/),
    ]);
  });

  test("the external network is joined and never registered", () => {
    expect(resources.filter(isA("Network")).map(({ inputs }) => inputs.name)).toEqual([
      "robotoff_default",
      "protea_default",
      "robotoff_servers",
      "protea_servers",
    ]);
    expect(find(resources, "robotoff-api-1").inputs.networksAdvanced).toContainEqual({ name: "po_webnet" });
  });

  /** The files of a service, as they are written. */
  const filesOf = (system: string, service: string, of = resources) =>
    String(find(of, `${system}-secrets-files`).revealed().stdin)
      .split("\n")
      .map((line) => line.split("\t"))
      .filter(([folder]) => folder!.replace(/-\w{12}$/, "") === service)
      .map(([, ...file]) => file.join("="));

  test("no secret appears in clear, encoded or not; a container has none among its variables", () => {
    const text = JSON.stringify(resources);
    expect(text).not.toMatch(/hunter2/);
    const containers = resources.filter(isA("Container"));
    expect(JSON.stringify(containers.map((one) => one.revealed()))).not.toMatch(/hunter2/);
    expect(find(resources, "robotoff-api-1").inputs.envs).toContain("OFF_USER=roboto-app");
    expect(filesOf("robotoff", "api")).toHaveLength(8);
  });

  test("the configured secrets reach the containers' files, percent-encoded within URLs", () => {
    expect(filesOf("protea", "api")).toEqual(
      expect.arrayContaining([
        "PROTEA_DB_URL=postgresql+psycopg://protea:hunter2postgresPassword@postgres/protea",
        "PROTEA_MINIO_SECRET_KEY=hunter2minioPassword",
      ]),
    );
    expect(filesOf("robotoff", "api")).toContain("POSTGRES_PASSWORD=hunter2@/%");
    expect(filesOf("robotoff", "postgres-exporter")).toEqual(["DATA_SOURCE_PASS=hunter2@/%"]);
    const encoded = find(resources, "protea-secrets-files").revealed().stdin;
    expect(encoded).toContain("amqp://protea:hunter2rabbitmqPassword@rabbitmq/");
  });

  test("a configured secret has a version, which is no secret and another one for another value", () => {
    const { inputs, secretOutputs, revealed } = find(resources, "secrets-version-protea-minioPassword");
    expect([inputs.create, inputs.triggers, secretOutputs]).toEqual([":", [SECRET], ["triggers"]]);
    expect(revealed().triggers).toEqual(["hunter2minioPassword"]);
  });

  test("the host is reached by ssh with the stack's settings, and scripts run there", () => {
    expect(find(resources, "host-docker").inputs).toMatchObject({
      host: "ssh://off@10.1.0.201:22",
      sshOpts: JSON.stringify(["-F", ".local/ssh/10.1.0.201/config"]),
    });
    expect(find(resources, "robotoff-first").inputs.interpreter).toEqual([
      "ssh",
      "-F",
      ".local/ssh/10.1.0.201/config",
      "10.1.0.201",
      "--",
    ]);
  });
});

describe("what host:prepare makes", () => {
  const VALUES: Values = {
    ...MINIMAL,
    "host:protectVolumes": false,
    "host:generateSecrets": true,
    "host:prepare": {
      folders: [{ path: "/srv/x", owner: "off" }],
      networks: ["web"],
      sysctl: { "vm.max_map_count": 1 },
    },
  };

  test("comes before anything of the stack is touched, and again when the declaration changes; nothing undoes it", async () => {
    const resources = await graph("local", VALUES);
    const { inputs, parent } = find(resources, "host-prepare");
    const things = ["folder /srv/x off", "sysctl vm.max_map_count 1", "network web"];
    expect(parent).toBe("host");
    expect(inputs).toMatchObject({
      create: "sh -s -- 'folder /srv/x off' 'sysctl vm.max_map_count 1' 'network web'",
      triggers: things,
      update: ":",
      stdin: readFileSync("hosts/scripts/machine.sh", "utf8") + readFileSync("hosts/scripts/prepare.sh", "utf8"),
    });
    expect(inputs).not.toHaveProperty("delete");
    for (const system of ["robotoff", "protea"])
      expect(find(resources, `${system}-first`).after).toContain("host-prepare");
  });

  test("is nothing where nothing is declared", async () => {
    const resources = await graph("local", { ...VALUES, "host:prepare": { volumes: [] } });
    expect(named(resources)).not.toContain("host-prepare");
  });
});

describe("parts", () => {
  const ROBOTOFF: Values = {
    ...MINIMAL,
    "protea:enabled": false,
    "host:protectVolumes": false,
    "host:generateSecrets": true,
  };

  test("a system that is not enabled registers nothing", async () => {
    const resources = await graph("local", ROBOTOFF);
    expect(named(resources).filter((name) => name.includes("protea"))).toEqual([]);
  });

  test("a service of no containers has none, and nothing waits for it", async () => {
    const none = { replicas: 0 };
    const services = { scheduler: none, triton: none, redis: none };
    const resources = await graph("local", { ...ROBOTOFF, "robotoff:services": services });
    const containers = resources.filter(isA("Container")).map(({ inputs }) => inputs.name);
    expect(containers).toContain("robotoff_api_1");
    expect(containers.filter((name) => /scheduler|triton|redis/.test(String(name)))).toEqual([]);
    const waiting = resources.filter(isA("Command")).map(({ inputs }) => String(inputs.create));
    expect(waiting.join("\n")).toContain("robotoff_api_1=");
    expect(waiting.filter((create) => /_(scheduler|triton|redis)_/.test(create))).toEqual([]);
  });

  test("a wrong configuration registers nothing, and says why", async () => {
    await expect(graph("local", { ...ROBOTOFF, "robotoff:fasttext": "yes" })).rejects.toThrow(
      'Pulumi.local.yaml has 1 problem; nothing was changed:\n  robotoff:fasttext: found "yes", expected a value of type boolean',
    );
  });
});
