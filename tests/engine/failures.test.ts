/** What goes wrong: a clear error, nothing half-done left unsaid, and the next `up` completes. */
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { standInTag } from "../../images/builder/tag.ts";
import { failed, must, succeeded } from "./host.ts";
import { TestStack } from "./stack.harness.ts";
import { leaks, valuesOf } from "./topics/secrets.ts";
import { until } from "../http.ts";

let stack: TestStack;

const own = async () => {
  stack = await TestStack.create(["protea"]);
};
const remove = () => stack.remove();

describe("on its way to the first container", () => {
  beforeEach(own);
  afterEach(remove);

  test("a port that is taken is found before anything is made, and named", async () => {
    const server = createServer();
    const port = stack.port("api of protea", 8000);
    await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
    const text = failed(stack.up());
    await new Promise((done) => server.close(done));
    expect(text).toContain("checks, before any change, found:");
    expect(text).toContain(`host port 127.0.0.1:${port} is taken by a process of the host`);
    expect(stack.leftovers()).toEqual([]);
  });

  test("an image that does not exist stops the deployment before any container is made", () => {
    const images = stack.config["protea:images"] as Record<string, unknown>;
    stack.config["protea:images"] = { ...images, minio: "localhost:9/nobody/nothing:1.0" };
    const text = failed(stack.up());
    expect(text).toContain("unable to pull image localhost:9/nobody/nothing:1.0");
    expect(stack.containers().size).toBe(0);
    stack.config["protea:images"] = { ...images, minio: "robotoff-protea/nothing:1.0" };
    expect(failed(stack.up())).toContain(
      "the image robotoff-protea/nothing:1.0 is not on this engine; make setup builds it",
    );
    // What the first try made (a network, volumes, images) is known and goes.
    succeeded(stack.pulumi("destroy", "--yes", "--skip-preview", "--stack", stack.name));
    expect(stack.leftovers()).toEqual([]);
  });

  test("what is there and not this state's own is refused before any change: nobody's data is taken over", () => {
    const volume = `${stack.name}-protea_postgres_data`;
    stack.docker("volume", "create", ...stack.marked, volume);
    expect(failed(stack.up())).toContain(
      `a volume ${volume} exists that this stack did not make; declare protea:volumes.postgres_data external`,
    );
    expect(stack.leftovers()).toEqual([]);
    stack.docker("volume", "rm", volume);
    // As after `make up` in another checkout.
    const name = stack.container("protea", "minio");
    const labels = [`robotoff-protea.stack=${stack.name}`, `com.docker.compose.project=${stack.name}-protea`];
    const labelled = labels.flatMap((label) => ["--label", label]);
    stack.docker("create", "--name", name, ...labelled, standInTag("images/redis"));
    const text = failed(stack.up());
    expect(text).toContain(`containers of ${stack.name}-protea exist that the stack ${stack.name} made`);
    expect(text).toContain(`  ${name}\n`);
    expect(stack.leftovers()).toHaveLength(1);
  });

  test("a host that is too small is refused before any change: a full disk of the backups, more memory than it has", () => {
    const backups = join(stack.folder, "disk");
    mkdirSync(backups);
    must("mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", backups);
    try {
      must("dd", "if=/dev/zero", `of=${backups}/full`, "bs=1k", "count=19900", "status=none");
      stack.config["host:backups"] = { directory: backups };
      stack.change("protea", "frontend", { memory: "900g" });
      const text = failed(stack.up());
      expect(text).toContain(
        `the disk of the backups, ${backups}, has 1 MiB of 20 MiB free; expected 1 MiB at least: keep fewer`,
      );
      expect(text).toContain("protea:services.frontend.memory is 900.0 GiB, more than the host has: ");
    } finally {
      must("umount", backups);
    }
    expect(stack.leftovers()).toEqual([]);
  });

  test("an engine that is down is named, and a preview does not need it", () => {
    stack.config["host:docker"] = `unix://${stack.folder}/nobody.sock`;
    succeeded(stack.preview());
    const text = failed(stack.up());
    expect(text).toContain("checks, before any change: docker version failed:");
    expect(text).toContain(`${stack.folder}/nobody.sock`);
  });

  test("a server that is not healthy in time stops what needs it; why names the reason; healthy at last, it is kept", async () => {
    const test = ["CMD", "sh", "-c", "test -e /tmp/well || { echo no bucket for old men; exit 4; }"];
    const times = { interval: "1s", timeout: "5s", retries: 1, startPeriod: "1s" };
    stack.change("protea", "minio", { healthcheck: { test, ...times } });
    const minio = stack.container("protea", "minio");
    const errors: string[] = [];
    for (let time = 1; time <= 2; time += 1) {
      const text = failed(stack.up());
      errors.push(text);
      expect(text).toContain(`${minio} is unhealthy`);
      expect(text).toContain('its health check ended with exit code 4 and said "no bucket for old men\\n"');
      const made = [...stack.containers().keys()];
      expect(made).toContain(minio);
      for (const needing of ["api", "frontend"]) expect(made).not.toContain(stack.container("protea", needing));
      // A job's container is made at once, and run when what it needs is healthy.
      const bucket = stack.container("protea", "bucket");
      expect(stack.docker("inspect", "--format", "{{.State.Status}}", bucket)).toBe("created");
    }
    const why = succeeded(stack.operation("why"));
    const secrets = valuesOf(stack);
    expect(secrets.size).toBeGreaterThan(3);
    expect(leaks(secrets.values(), { why, errors: errors.join("\n") })).toEqual([]);
    expect(why).toContain(
      `${minio}: unhealthy\n  its health check failed with exit code 4:\n    no bucket for old men\n  its last log lines:\n`,
    );
    stack.docker("exec", minio, "touch", "/tmp/well");
    await until(`${minio} is healthy`, 30, () => stack.host.healthOf(minio) === "healthy");
    const id = stack.containers().get(minio);
    succeeded(stack.makeUp());
    expect(stack.containers().get(minio)).toBe(id);
    succeeded(stack.operation("status"));
  });

  test("an external volume that is missing is not silently made, empty", () => {
    stack.config["protea:volumes"] = { minio_data: { external: true, name: `${stack.name}-nobody` } };
    expect(failed(stack.up())).toContain(`the volume ${stack.name}-nobody does not exist; it is declared external`);
    expect(stack.leftovers()).toEqual([]);
  });
});

describe("of one that comes up", () => {
  beforeAll(own);
  afterAll(remove);

  test("an up that was killed in the middle is completed by the next one", async () => {
    const up = stack.startUp();
    const ended = new Promise((done) => up.on("exit", done));
    await until("containers are being made", 120, () => stack.containers().size >= 3);
    process.kill(-up.pid!, "SIGKILL");
    await ended;
    expect(succeeded(stack.makeUp())).toContain("an earlier command");
    succeeded(stack.operation("status"));
    succeeded(stack.preview("--refresh", "--expect-no-changes"));
  });

  test("make up ends in the truth: what is stopped, paused, gone or another's is brought back, and data stays", () => {
    const name = (service: string) => stack.container("protea", service);
    stack.query("protea", "create table kept as select 42 as answer");
    const before = stack.containers();
    // As an engine that was killed leaves them; without its database the API is not healthy for long.
    stack.docker("kill", name("postgres"), name("api"), name("worker-jobs"));
    stack.docker("pause", name("worker-ping"));
    stack.docker("rm", "--force", name("frontend"));
    // Somebody's own try, made again by hand with the labels that it had.
    const image = standInTag("images/redis");
    stack.docker("rm", "--force", name("worker-embeddings"));
    const label = `robotoff-protea.stack=${stack.name}`;
    stack.docker("run", "--detach", "--name", name("worker-embeddings"), "--label", label, image, "sleep", "infinity");
    const impostor = stack.docker("inspect", "--format", "{{.Id}}", name("worker-embeddings"));

    const text = succeeded(stack.makeUp());
    expect(text).toContain(`  gone: made again: ${name("worker-embeddings")}, ${name("frontend")}`);
    expect(text).toContain(`  paused: resumed: ${name("worker-ping")}`);
    expect(text).toMatch(new RegExp(`  stopped: started: ${name("postgres")}, .*${name("api")}`));
    succeeded(stack.operation("status"));
    expect(stack.query("protea", "select answer from kept")).toBe("42");
    const after = stack.containers();
    const same = (service: string) => after.get(name(service)) === before.get(name(service));
    expect(["postgres", "api", "worker-jobs", "worker-ping", "minio"].filter((service) => !same(service))).toEqual([]);
    const aside = [...after].find(([, id]) => id === impostor)![0];
    expect(aside).toMatch(new RegExp(`^${name("worker-embeddings")}-set-aside-\\d+$`));
    expect(stack.docker("inspect", "--format", "{{.State.Status}}", aside)).toBe("exited");
    stack.docker("rm", "--volumes", aside);
    succeeded(stack.preview("--expect-no-changes"));
  });

  test("make up makes a lost network again, with its containers, and data stays", () => {
    const names = [...stack.containers().keys()];
    stack.docker(
      "kill",
      ...names.filter((name) => stack.docker("inspect", "--format", "{{.State.Running}}", name) === "true"),
    );
    stack.docker("network", "rm", `${stack.name}-protea_servers`);
    expect(succeeded(stack.makeUp())).toContain("  network gone: made again, with the containers that were in it: ");
    expect(stack.query("protea", "select answer from kept")).toBe("42");
    succeeded(stack.preview("--refresh", "--expect-no-changes"));
  });

  test("a state that a kill tore is taken from the write before it; a torn one alone is refused", () => {
    const file = stack.stateFile;
    const whole = readFileSync(file, "utf8");
    truncateSync(file, 0);
    const text = succeeded(stack.makeUp());
    expect(text).toContain("the state was torn by a kill: took the one before it");
    succeeded(stack.preview("--refresh", "--expect-no-changes"));
    writeFileSync(file, whole.slice(0, 1_000));
    rmSync(`${file}.bak`);
    const refused = failed(stack.makeUp());
    expect(refused).toContain(`the state of ${stack.name} cannot be read (`);
    expect(readFileSync(file, "utf8")).toBe(whole.slice(0, 1_000));
    writeFileSync(file, whole);
  });

  test("make up that is refused says nothing of the host; one that ends unhealthy fails and says why", () => {
    stack.change("protea", "api", { memory: "1k" });
    const refused = failed(stack.makeUp());
    expect(refused).toContain("protea:services.api.memory");
    expect(refused).not.toContain("log lines");
    stack.change("protea", "api", { memory: "256m" });
    // Refused by the program, when Pulumi has already written the state anew.
    stack.config["protea:externalNetworks"] = [`${stack.name}-nobody`];
    const checked = failed(stack.makeUp());
    expect(checked).toContain(`the network ${stack.name}-nobody does not exist`);
    expect(checked).not.toContain("as declared");
    delete stack.config["protea:externalNetworks"];
    succeeded(stack.makeUp());
    const test = ["CMD", "sh", "-c", "test ! -e /tmp/ill || { echo feverish; exit 1; }"];
    const times = { interval: "1s", timeout: "5s", retries: 1, startPeriod: "1s" };
    stack.change("protea", "postgres", { healthcheck: { test, ...times } });
    succeeded(stack.makeUp());
    stack.docker("exec", stack.container("protea", "postgres"), "touch", "/tmp/ill");
    const text = failed(stack.makeUp());
    expect(text).toMatch(/1 of \d+ containers not as declared; unhealthy: \S+-protea-postgres-1\n/);
    expect(text).toContain("feverish");
  });

  test("destroy takes all of it away, whatever went wrong before", () => {
    succeeded(stack.pulumi("destroy", "--yes", "--skip-preview", "--stack", stack.name));
    expect(stack.leftovers()).toEqual([]);
  });
});
