import { succeeded } from "../host.ts";
import type { TestStack } from "../stack.harness.ts";

/** What `make run` makes, and that nothing of it stays. */
export function runOperation(get: () => TestStack): void {
  describe("make run", () => {
    const make = (system: string, service: string, ...words: string[]) =>
      get().operation("run", "--system", system, "--service", service, "--", ...words);

    afterEach(() => {
      expect(
        get().docker("ps", "--all", "--quiet", "--filter", `label=robotoff-protea.stack=${get().name}`, "--filter", "label=com.docker.compose.oneoff=True"),
      ).toBe(""); // prettier-ignore
    });

    test("rq info, as the runbook has it", () => {
      const info = succeeded(make("robotoff", "worker-1", "rq", "info"));
      expect(info).toContain("robotoff-high-1");
      expect(info).toMatch(/2 workers, \d queues/);
    });

    test("the command's exit code; the service's environment and network, but not its name", () => {
      const script =
        'echo "$PROTEA_DB_URL" | wc -w; getent hosts postgres >/dev/null && getent hosts api | wc -l; exit 7';
      const { code, text } = make("protea", "api", "sh", "-c", script);
      expect(text).toMatch(/^1\n1\n/);
      expect(code).toBe(7);
    });

    test("a job's image and entrypoint", () => {
      expect(succeeded(make("protea", "bucket", "ls", "server"))).toMatch(/ protea\/$/m);
    });

    test("a server's data is not there", () => {
      const count = "find /var/lib/postgresql/data -mindepth 1 | wc -l";
      expect(succeeded(make("protea", "postgres", "sh", "-c", count))).toMatch(/^0\n/);
    });
  });
}
