import { until } from "../../http.ts";
import { succeeded } from "../host.ts";
import type { TestStack } from "../stack.harness.ts";

/** What `make stop|start|logs` do on a stack that runs. */
export function servicesOperations(get: () => TestStack): void {
  describe("make stop, start and logs", () => {
    const running = () =>
      get().docker("ps", "--filter", `name=^${get().name}-protea-`, "--format", "{{.Label \"com.docker.compose.service\"}}")
        .split("\n")
        .sort(); // prettier-ignore

    test("the applications stop and start; their servers stay", async () => {
      const all = running();
      const servers = ["minio", "postgres", "rabbitmq"];
      const started = () =>
        servers.map((name) =>
          get().docker("inspect", "--format", "{{.State.StartedAt}}", get().container("protea", name)),
        );
      const before = started();
      succeeded(get().operation("services", "stop", "--system", "protea", "--apps", "1"));
      expect(running()).toEqual(servers);
      succeeded(get().operation("services", "start", "--system", "protea", "--apps", "1"));
      expect(running()).toEqual(all);
      expect(started()).toEqual(before);
      const api = get().container("protea", "api");
      await until("the API is healthy again", 60, () => get().host.healthOf(api) === "healthy");
      // A job that ended is not run again.
      expect(get().docker("inspect", "--format", "{{.State.Status}}", get().container("protea", "migrate"))).toBe(
        "exited",
      );
    });

    test("plain logs in a pipe end, and each line is the container's own", () => {
      const words = ["services", "logs", "--system", "protea", "--service", "worker-jobs", "--plain", "1"];
      const { text } = get().operation(...(words as [string, ...string[]]));
      const [records, others] = [true, false].map((json) =>
        text
          .trim()
          .split("\n")
          .filter((line) => line.startsWith("{") === json),
      ) as [string[], string[]];
      // What stands beside them is the command, which goes to standard error.
      expect(others).toEqual([`docker logs --tail 100 ${get().container("protea", "worker-jobs")}`]);
      expect(records.length).toBeGreaterThan(0);
      expect(records.map((line) => Object.keys(JSON.parse(line) as object).includes("level"))).not.toContain(false);
    });
  });
}
