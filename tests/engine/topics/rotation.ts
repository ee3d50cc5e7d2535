/** Secrets get other values while both systems run; it is killed in the middle, and goes on. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { until } from "../../http.ts";
import { failed, succeeded } from "../host.ts";
import { healthOf, type TestStack } from "../stack.harness.ts";

/** Of every server that has one, and one that only applications have. */
const KEYS = ["robotoff:postgresPassword", "protea:postgresPassword", "protea:rabbitmqPassword", "protea:minioPassword", "protea:adminToken"]; // prettier-ignore
/** A service that has it, for make password. */
const HAVING: Record<string, string> = { postgresPassword: "postgres", rabbitmqPassword: "rabbitmq", minioPassword: "minio", adminToken: "api" }; // prettier-ignore

export function rotation(get: () => TestStack): void {
  describe("make rotate", () => {
    const rotate = (...words: string[]) => get().operation("rotate", "--secret", KEYS.join(" "), ...words);
    const value = (key: string): string => {
      const [system, name] = key.split(":") as [string, string];
      const words = ["--system", system, "--service", HAVING[name]!, "--key", key, "--show", "1"];
      return succeeded(get().operation("password", ...words)).split("\n")[0]!;
    };
    /** Whether a database lets in who has a password and comes over the network. */
    const letsIn = (system: "robotoff" | "protea", password: string): boolean => {
      const script = 'PGPASSWORD=$0 psql -h "$(hostname -i)" -U "$POSTGRES_USER" -d "$POSTGRES_DB" -wc "select 1"';
      const { code } = get().host.shell(`docker exec ${get().container(system, "postgres")} sh -c '${script}' ${password}`);
      return code === 0;
    };
    const publishes = (password: string): boolean => {
      const url = get().url("rabbitmq of protea", 15672, "/api/whoami");
      return get().host.shell(`curl -fs -o /dev/null -u protea:${password} ${url}`).code === 0;
    };
    const volumes = () => get().docker("volume", "ls", "--quiet", "--filter", `label=robotoff-protea.stack=${get().name}`);
    const made = () => get().docker("volume", "inspect", "--format", "{{.Name}} {{.CreatedAt}}", ...volumes().split("\n"));

    test("says what is in the way and who has it, and changes nothing", async () => {
      expect(failed(get().operation("rotate", "--secret", "protea:password"))).toContain("protea:minioPassword (root password of MinIO)");
      const ping = get().container("protea", "worker-ping");
      get().docker("stop", "--time", "1", ping);
      expect(failed(rotate("--yes", "1"))).toContain(`${ping}: exited`);
      get().docker("start", ping);
      await until("it is healthy again", 60, () => healthOf(ping) === "healthy");
      expect(succeeded(rotate("--dry", "1"))).toContain(`protea:rabbitmqPassword: ${get().container("protea", "rabbitmq")} is told while it runs`);
      expect(get().secretsSet().filter((key) => key.endsWith("Next"))).toEqual([]);
    });

    test("killed while containers are made again, it goes on with the same values; whoever has an old one is let in nowhere", async () => {
      const stack = get();
      stack.query("protea", "create table rotated as select 42 as answer");
      const [before, volumesBefore, containers] = [new Map(KEYS.map((key) => [key, value(key)])), made(), stack.containers()];
      const verb = [join(stack.folder, "operations/rotate.ts"), "--stack", stack.name, "--secret", KEYS.join(" "), "--yes", "1"];
      const options = { cwd: stack.folder, env: { ...process.env, ...stack.environment }, detached: true, stdio: "ignore" } as const;
      const child = spawn("node", verb, options);
      const postgres = stack.container("protea", "postgres");
      await until("a server is made again", 300, () => child.exitCode !== null || stack.containers().get(postgres) !== containers.get(postgres));
      const ended = once(child, "exit");
      process.kill(-child.pid!, "SIGKILL");
      await ended;
      expect(stack.secretsSet()).toEqual(expect.arrayContaining(KEYS.map((key) => `${key}Next`)));

      const said = succeeded(rotate("--yes", "1"));
      expect(said).toContain("protea:minioPassword (the new value of the run before)");
      expect(said).toMatch(new RegExp(`^${stack.container("protea", "api")} +(\\d+\\.\\d s|not seen: before this run)$`, "m"));
      for (const key of KEYS) delete stack.config[`${key}Next`];
      const set = stack.secretsSet();
      expect(set.filter((key) => key.endsWith("Next"))).toEqual([]);
      const after = new Map(KEYS.map((key) => [key, value(key)]));
      for (const key of KEYS) expect([key, after.get(key)]).not.toEqual([key, before.get(key)]);
      for (const system of ["robotoff", "protea"] as const)
        expect([before, after].map((one) => letsIn(system, one.get(`${system}:postgresPassword`)!))).toEqual([false, true]);
      expect([before, after].map((one) => publishes(one.get("protea:rabbitmqPassword")!))).toEqual([false, true]);
      const logs = ["postgres", "rabbitmq", "minio"].map((name) => stack.docker("logs", stack.container("protea", name)));
      for (const secret of [...after.values(), "SCRAM-SHA-256$"]) expect(logs.join("\n")).not.toContain(secret);
      expect(made()).toBe(volumesBefore);
      expect(stack.query("protea", "select answer from rotated")).toBe("42");
      expect(succeeded(stack.operation("status"))).toContain("all as declared");
      succeeded(stack.preview("--expect-no-changes"));
    }, 600_000);
  });
} // prettier-ignore
