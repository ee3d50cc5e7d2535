import { until } from "../../http.ts";
import type { TestStack } from "../stack.harness.ts";

/** The runbooks' commands, word for word but for the project's name. */
export function compose(get: () => TestStack): void {
  describe("docker compose -p", () => {
    const robotoff = (...args: string[]) => get().docker("compose", "-p", `${get().name}-robotoff`, ...args);

    test("ps lists every service of the project", () => {
      const services = robotoff("ps", "--all", "--format", "{{.Service}} {{.State}}").split("\n").sort();
      expect(services).toEqual([
        "api running",
        "checkout exited",
        "elasticsearch running",
        "init-elasticsearch exited",
        "migrate exited",
        "postgres running",
        "redis running",
        "scheduler running",
        "triton running",
        "update-listener running",
        "worker-1 running",
        "worker-ml-1 running",
      ]);
    });

    test("logs --tail shows a service's last lines", () => {
      const lines = robotoff("logs", "--tail", "2", "worker-1").split("\n");
      expect(lines).toHaveLength(2);
      expect(lines.every((line) => line.includes("worker-1"))).toBe(true);
    });

    test("stop, start and restart act on one service alone", async () => {
      const scheduler = get().container("robotoff", "scheduler");
      const running = () =>
        get().docker("ps", "--filter", `name=^${get().name}-`, "--format", "{{.Names}}").split("\n");
      const all = running();
      robotoff("stop", "scheduler");
      expect(all.filter((name) => !running().includes(name))).toEqual([scheduler]);
      expect(get().docker("inspect", "--format", "{{.State.ExitCode}}", scheduler)).toBe("0");
      robotoff("start", "scheduler");
      expect(running().sort()).toEqual(all.sort());
      const started = () => get().docker("inspect", "--format", "{{.State.StartedAt}}", scheduler);
      const before = started();
      robotoff("restart", "scheduler");
      expect(started() > before).toBe(true);
      await until("the scheduler is healthy again", 60, () => get().host.healthOf(scheduler) === "healthy");
    });

    test("exec: rq info needs the image's entrypoint, and no arguments", () => {
      const info = robotoff("exec", "-T", "worker-1", "/docker-entrypoint.sh", "rq", "info");
      expect(info).toContain("robotoff-high-1");
      expect(info).toMatch(/2 workers, \d queues/);
    });

    test("docker exec: the runbooks' dumps", () => {
      const { name } = get();
      const dump = get().host.shell(
        `docker exec -i ${name}-robotoff_postgres_1 pg_dump --schema public -F c -U postgres robotoff | docker exec -i ${name}-robotoff_postgres_1 pg_restore --list`,
      );
      expect(dump).toMatchObject({ code: 0 });
      expect(dump.text).toContain("TABLE DATA public product_insight");
      const queues = get().docker(
        "exec",
        `${name}-protea-rabbitmq-1`,
        "rabbitmqctl",
        "list_queues",
        "name",
        "messages",
      );
      expect(queues).toMatch(/^protea\.dead-letter\t0$/m);
    });
  });
}
