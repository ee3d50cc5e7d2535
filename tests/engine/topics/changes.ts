import { request, until } from "../../http.ts";
import { ByHand } from "../drift-kinds.ts";
import { failed, succeeded } from "../host.ts";
import { changed, type TestStack } from "../stack.harness.ts";
import { watched, watching } from "../watch.ts";

/** What a change of the stack file touches, and what it leaves alone. */
export function changes(get: () => TestStack): void {
  describe("changes", () => {
    const apply = (): string[] => {
      const before = get().containers();
      succeeded(get().up());
      return changed(before, get().containers());
    };

    test("one setting changed: one container replaced", () => {
      get().change("robotoff", "scheduler", { environment: { LOG_LEVEL: "DEBUG" } });
      expect(apply()).toEqual([get().container("robotoff", "scheduler")]);
    });

    test("a memory limit changes in place", () => {
      get().change("robotoff", "scheduler", { environment: { LOG_LEVEL: "DEBUG" }, memory: "300m" });
      expect(apply()).toEqual([]);
      expect(
        get().docker("inspect", "--format", "{{.HostConfig.Memory}}", get().container("robotoff", "scheduler")),
      ).toBe(String(300 * 2 ** 20));
    });

    test("PostgreSQL is replaced without being killed, and keeps its rows", () => {
      const name = get().container("robotoff", "postgres");
      const count = () => get().query("robotoff", "select count(*) from product_insight");
      const before = count();
      expect(Number(before)).toBeGreaterThan(0);
      get().config["robotoff:postgres"] = { workMem: "8MB" };
      expect(apply()).toEqual([name]);
      expect(get().query("robotoff", "show work_mem")).toBe("8MB");
      expect(count()).toBe(before);
      const log = get().docker("logs", name);
      expect(log).toContain("database system was shut down at");
      expect(log).not.toContain("not properly shut down");
    });

    test("scaling 1 to 3 and back touches the containers that come and go", () => {
      const batch = (n: number) => get().container("protea", "worker-embeddings-batch", n);
      const pool = get().config["robotoff:workers"] as { replicas: number }[];
      get().change("protea", "worker-embeddings-batch", { replicas: 3 });
      get().config["robotoff:workers"] = pool.map((workers, index) =>
        index === 0 ? { ...workers, replicas: 3 } : workers,
      );
      const came = [
        batch(2),
        batch(3),
        get().container("robotoff", "worker-2"),
        get().container("robotoff", "worker-3"),
      ];
      expect(apply()).toEqual(came.sort());
      expect(
        get().docker("compose", "-p", `${get().name}-protea`, "ps", "--quiet", "worker-embeddings-batch").split("\n"),
      ).toHaveLength(3);
      get().change("protea", "worker-embeddings-batch", { replicas: 1 });
      get().config["robotoff:workers"] = pool;
      expect(apply()).toEqual(came.sort());
    });

    test("a watch sees a name that stands for two containers, and a second consumer of protea.embeddings", async () => {
      const byHand = new ByHand(get());
      const watch = await watching(watched(get()));
      try {
        const twin = await byHand.twin(get().container("protea", "worker-embeddings"));
        await until("it is healthy, so that it consumes", 60, () => get().host.healthOf(twin) === "healthy");
      } finally {
        byHand.removeOthers();
      }
      const violations = await watch.end();
      const two = expect.stringMatching(/^[\d.]+, [\d.]+$/) as string;
      expect(violations.map(({ what, found }) => ({ what, found }))).toEqual([
        { what: "worker-embeddings", found: two },
        { what: "consumers of protea.embeddings", found: "2" },
      ]);
    });

    test("PROTEA's workers are replaced: no name stands for two, there are never two consumers of protea.embeddings, and what they downloaded is there still", async () => {
      const workers = ["worker-jobs", "worker-embeddings", "worker-embeddings-batch"];
      for (const worker of workers) get().change("protea", worker, { environment: { ANY: "thing" } });
      const watch = await watching(watched(get()));
      const replaced = apply();
      expect(await watch.end()).toEqual([]);
      expect(replaced).toEqual(workers.map((worker) => get().container("protea", worker)).sort());
      expect(get().docker("logs", get().container("protea", "worker-jobs"))).toContain("found in /root/.etetoolkit");
      const models = ["ls", "/root/.cache/huggingface/hub"];
      expect(get().docker("exec", get().container("protea", "worker-embeddings-batch"), ...models)).toContain(
        "models--",
      );
    });

    test("a queue without a worker keeps its jobs for the worker that the stack file adds", async () => {
      const jobs = get().url("api of protea", 8000, "/jobs");
      const sent = await request(jobs, "POST", { operation: "ping", queue_name: "protea.training" });
      const { id } = sent.body as { id: string };
      const status = async () => ((await request(`${jobs}/${id}`)).body as { status: string }).status;
      expect(await status()).toBe("queued");
      get().config["protea:workers"] = [{ name: "worker-training", queue: "protea.training", memory: "256m" }];
      const worker = get().container("protea", "worker-training");
      expect(apply()).toEqual([worker]);
      await until("the job is done", 30, async () => (await status()) === "succeeded");
      delete get().config["protea:workers"];
      expect(apply()).toEqual([worker]);
    });

    test("a job that fails stops the deployment with its last log lines, and runs again when tried again", () => {
      get().change("protea", "migrate", { command: ["sh", "-c", "echo the schema is wrong; exit 3"] });
      const text = failed(get().up());
      expect(text).toContain("failed with exit code 3; its last log lines:");
      expect(text).toContain("the schema is wrong");
      get().change("protea", "migrate", { command: undefined });
      expect(apply()).toEqual([get().container("protea", "migrate")]);
      succeeded(get().preview("--expect-no-changes"));
    });

    test("a second consumer of protea.embeddings is refused before anything is touched", () => {
      const before = get().containers();
      get().change("protea", "worker-embeddings", { replicas: 2 });
      const text = failed(get().up());
      get().change("protea", "worker-embeddings", { replicas: 1 });
      expect(text).toContain(
        "protea:services.worker-embeddings.replicas: found 2 consumers of protea.embeddings, expected exactly 1",
      );
      expect(changed(before, get().containers())).toEqual([]);
    });
  });
}
