// What the image of Robotoff demands of a stack file. Upstream's demands it, so the miniature must (docs/upstream.md): a stack
// file that forgets one of these has to fail on `local` too.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { asleep, connectedToServer } from "../../systems/robotoff/healthchecks.ts";
import { commandOf, Container, runOnce, setUp, tearDown } from "./images.harness.ts";

beforeAll(setUp);
afterAll(tearDown);

const run = (...command: string[]) => ["python", "-m", "robotoff", ...command];
const entrypoint = ["--entrypoint", "/docker-entrypoint.sh"];
const started = (container: Container, text: string) =>
  container.until(["bash", "-c", `tr '\\0' ' ' </proc/1/cmdline | grep -q '${text}'`]);

test("rq and Python's packages are found through the entrypoint alone", () => {
  const server = new Container("robotoff", { args: ["sleep", "60"] });
  expect([126, 127]).toContain(server.exec("rq", "--version").code);
  expect(server.exec("python3", "-m", "robotoff", "--help").text).toContain("ModuleNotFoundError");
  expect(server.run("/docker-entrypoint.sh", "rq", "--version")).toMatch(/^rq, version/);
  expect(server.run("id", "-u")).toBe("1000");
  for (const program of ["bash", "curl", "grep"]) server.run(program, "--version");
  server.remove();
});

describe("the signal to stop", () => {
  test("is lost with the image's own entrypoint: a shell stays process 1", async () => {
    const server = new Container("robotoff", { args: run("run-scheduler") });
    await started(server, "^/bin/sh -c");
    expect(server.stop(1)).toBe(137);
    server.remove();
  });

  test.each(["run-scheduler", "run-update-listener"])("%s ends at SIGINT and not at SIGTERM", async (command) => {
    const setting = { args: run(command), options: entrypoint };
    const deaf = new Container("robotoff", setting);
    await started(deaf, "^python");
    expect(deaf.stop(1)).toBe(137);
    deaf.remove();
    const server = new Container("robotoff", { ...setting, options: [...entrypoint, "--stop-signal", "SIGINT"] });
    await server.until(["bash", "-c", "grep -q '^State:.S' /proc/1/status"]);
    expect(server.stop(10)).not.toBe(137);
    server.remove();
  });
});

describe("the data folder", () => {
  const taxonomy = "/opt/robotoff/data/taxonomies/categories.full.json.gz";

  test.each([
    ["the API", ["gunicorn", "--config", "/opt/robotoff/gunicorn.py", "robotoff.app.api:api"]],
    ["a worker", run("run-worker", "robotoff-low")],
  ])("%s does not start without it", (_, args) => {
    const server = new Container("robotoff", { args, options: entrypoint });
    expect(server.ended()).not.toBe(0);
    expect(server.logs()).toContain(`FileNotFoundError: [Errno 2] No such file or directory: '${taxonomy}'`);
    server.remove();
  });

  test("what git leaves there without LFS is not enough", () => {
    const script =
      "mkdir data/taxonomies && echo 'version https://git-lfs.github.com/spec/v1' >$0 && exec gunicorn robotoff.app.api:api";
    const { code, text } = runOnce("robotoff", entrypoint, "bash", "-c", script, taxonomy);
    expect(code).not.toBe(0);
    expect(text).toContain("BadGzipFile");
  });
});

test.each(["run-scheduler", "run-update-listener", "run-worker robotoff-low"])("in production %s wants SENTRY_DSN", (words) => {
  const { code, text } = runOnce("robotoff", ["--env", "ROBOTOFF_INSTANCE=prod", ...entrypoint], ...run(...words.split(" ")));
  expect(code).toBe(1);
  expect(text).toContain("No SENTRY_DSN specified");
}); // prettier-ignore

test("GOOGLE_CREDENTIALS is base64, and read from GOOGLE_APPLICATION_CREDENTIALS", () => {
  const json = JSON.stringify({ client_email: "batch@example" });
  const job = (credentials: string, path: string) =>
    runOnce("robotoff", [`--env=GOOGLE_CREDENTIALS=${credentials}`, `--env=GOOGLE_APPLICATION_CREDENTIALS=${path}`, "--env=BATCH_JOB_KEY=x", ...entrypoint],
      ...run("launch-spellcheck-batch-job")); // prettier-ignore
  const path = "/opt/robotoff/credentials/google/credentials.json";
  const encoded = Buffer.from(json).toString("base64");
  expect(job(encoded, path).text).toContain("batch job of batch@example");
  expect(job(json, path).code).toBe(1);
  expect(job(encoded, "/elsewhere.json").text).toContain("FileNotFoundError");
});

describe("health checks that do not lie", () => {
  const check = commandOf(asleep("run-scheduler").test);

  test("the scheduler's holds once it waits, and not while it computes", async () => {
    const waiting = new Container("robotoff", { args: run("run-scheduler"), options: entrypoint });
    await waiting.until(check, 30);
    waiting.remove();
    const busy = new Container("robotoff", {
      args: ["python", "-c", "while True: pass", "run-scheduler"],
      options: entrypoint,
    });
    await started(busy, "run-scheduler");
    expect(busy.exec(...check).code).toBe(1);
    busy.remove();
    const other = new Container("robotoff", { args: ["sleep", "60"], options: entrypoint });
    await started(other, "sleep");
    expect(other.exec(...check).code).toBe(1);
    other.remove();
  });

  test("the update listener's is about the update Redis, whatever else it is connected to", async () => {
    const [queues, updates] = [new Container("redis"), new Container("redis")];
    for (const server of [queues, updates]) await server.until(["redis-cli", "ping"]);
    const env = { REDIS_HOST: queues.name, REDIS_UPDATE_HOST: updates.name, RQ_REDIS_URL: `redis://${queues.name}` };
    const listener = new Container("robotoff", { env, args: run("run-update-listener"), options: entrypoint });
    const toUpdates = commandOf(connectedToServer("REDIS_UPDATE_HOST", "REDIS_UPDATE_PORT").test);
    const toQueues = commandOf(connectedToServer("REDIS_HOST", "REDIS_PORT").test);
    await listener.until(toUpdates, 30);
    expect(listener.exec(...toQueues).code).toBe(1);
    // The same port of another server, on a connection that stays.
    const holding = `exec 3<>/dev/tcp/${queues.name}/6379; exec sleep 60`;
    const stray = new Container("robotoff", { env, args: ["bash", "-c", holding], options: entrypoint });
    await stray.until(toQueues, 30);
    expect(stray.exec(...toUpdates).code).toBe(1);
    // By its address, as production's is declared.
    const address = listener.run("getent", "ahostsv4", updates.name).split(" ")[0]!;
    expect(listener.exec("env", `REDIS_UPDATE_HOST=${address}`, ...toUpdates).code).toBe(0);
    expect(listener.exec("env", "REDIS_UPDATE_PORT=6380", ...toUpdates).code).toBe(1);
    updates.stop();
    await listener.until(["sh", "-c", '! sh -c "$0"', toUpdates.at(-1)!], 60);
    for (const container of [queues, updates, listener, stray]) container.remove();
  });
});

describe("the checkout of its folders", () => {
  const commit = (
    parse(readFileSync("Pulumi.local.yaml", "utf8")) as { config: { "robotoff:checkout": { commit: string } } }
  ).config["robotoff:checkout"].commit;
  const script = readFileSync("systems/robotoff/checkout.sh", "utf8");
  const bring = (to: string, before = ":") => [
    "sh", "-c", `mkdir -p /checkout && cd /checkout; ${before}; exec sh -c "$0" checkout.sh "$@"`, script, "/srv/robotoff.git", to, "/checkout",
  ]; // prettier-ignore
  const sleeping = () => new Container("git", { args: ["60"], options: ["--entrypoint", "sleep"] });
  const taxonomy = "data/taxonomies/categories.full.json.gz";

  test("brings them there with LFS's files, looks first, and mends what is gone", () => {
    const host = sleeping();
    expect(host.run(...bring(commit))).toBe(`/checkout is now at ${commit}`);
    expect(host.run("zcat", `/checkout/${taxonomy}`)).toContain("en:plant-based-foods");
    expect(host.run("stat", "--format", "%u", `/checkout/${taxonomy}`, "/checkout/cache")).toBe("1000\n1000");
    expect(host.run(...bring(commit))).toBe(`/checkout is at ${commit}`);
    expect(host.run(...bring(commit, `rm ${taxonomy}`))).toBe(`/checkout is now at ${commit}`);
    expect(host.run("zcat", `/checkout/${taxonomy}`)).toContain("en:plant-based-foods");
    // The container is another one, and the folders are volumes.
    expect(host.run(...bring(commit, "rm -rf .git .gitattributes"))).toBe(`/checkout is now at ${commit}`);
    expect(host.run(...bring(commit, `rm -rf .git ${taxonomy}`))).toBe(`/checkout is now at ${commit}`);
    expect(host.run("zcat", `/checkout/${taxonomy}`)).toContain("en:plant-based-foods");
    expect(host.run(...bring(commit))).toBe(`/checkout is at ${commit}`);
    host.remove();
  });

  test("replaces a pointer that an earlier checkout without LFS left", () => {
    const host = sleeping();
    const without = `GIT_LFS_SKIP_SMUDGE=1 git clone -q /srv/robotoff.git . && grep -q git-lfs ${taxonomy}`;
    expect(host.run(...bring(commit, without))).toContain(`/checkout is now at ${commit}`);
    expect(host.run("zcat", `/checkout/${taxonomy}`)).toContain("en:plant-based-foods");
    host.remove();
  });

  test("keeps what somebody changed or put there by hand, and says what is in the way", () => {
    const host = sleeping();
    const untracked = host.exec(...bring(commit, `mkdir -p data/taxonomies && echo mine >${taxonomy}`));
    expect(untracked.code).not.toBe(0);
    expect(untracked.text).toContain(taxonomy);
    expect(host.run("cat", `/checkout/${taxonomy}`)).toBe("mine");
    host.run("sh", "-c", "rm -r /checkout/data");
    host.run(...bring(commit));
    const changed = host.exec(...bring(commit, `rm ${taxonomy}; echo mine >data/.gitignore; git add -f data`));
    expect(changed.text).toContain("data/.gitignore");
    host.remove();
  });

  test("a commit that the repository has not ends it, and nothing is changed", () => {
    const host = sleeping();
    host.run(...bring(commit));
    expect(host.exec(...bring("1".repeat(40))).text).toContain("not our ref");
    expect(host.run("cat", "/checkout/.git/HEAD")).toBe(commit);
    host.remove();
  });
});

test("the language model is downloaded where it is missing, whole or not at all", async () => {
  const server = new Container("robotoff", { args: ["bash", "-c", "echo model >m && exec python -m http.server 8000"], options: entrypoint });
  await server.until(["curl", "-fs", "localhost:8000/m"]);
  const script = readFileSync("systems/robotoff/langid-model.sh", "utf8");
  const sha256 = createHash("sha256").update("model\n").digest("hex");
  const get = (hash: string) => server.exec("sh", "-c", `sh -c "$0" x "$@"; s=$?; ls models; exit $s`, script, "models/lid.176.bin", "http://localhost:8000/m", hash);
  expect(get("0".repeat(64))).toMatchObject({ code: 1, text: expect.not.stringMatching(/^lid\.176\.bin$/m) as string });
  expect(get(sha256)).toEqual({ code: 0, text: "models/lid.176.bin downloaded\nlid.176.bin\n" });
  expect(get("0".repeat(64)).text).toBe("models/lid.176.bin is there\nlid.176.bin\n");
  server.remove();
}); // prettier-ignore
