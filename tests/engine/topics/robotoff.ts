import { docker, failed, healthOf, succeeded, type TestStack } from "../stack.harness.ts";
import { request, until } from "../../http.ts";

/** What upstream's image demands of the stack: folders that are filled, an index that is made, signals that arrive. */
export function robotoff(get: () => TestStack): void {
  describe("Robotoff", () => {
    const container = (service: string) => get().container("robotoff", service);

    test("the folders are at the declared commit, with LFS's files and for Robotoff's user", () => {
      const checkout = get().config["robotoff:checkout"] as { commit: string };
      expect(docker("logs", container("checkout"))).toContain(`/checkout is now at ${checkout.commit}`);
      const file = "data/taxonomies/categories.full.json.gz";
      expect(docker("exec", container("api"), "stat", "--format", "%u", file, "cache", "datasets", "models")).toBe(
        ["1000", "1000", "1000", "1000"].join("\n"),
      );
    });

    test("Elasticsearch's index is the one that init-elasticsearch makes, and running it again changes nothing", () => {
      const mapping = () => docker("exec", container("elasticsearch"), "curl", "-fsS", "localhost:9200/logo/_mapping");
      const before = mapping();
      expect(before).toContain('"server_type":{"type":"keyword"}');
      docker("start", "--attach", container("init-elasticsearch"));
      expect(mapping()).toBe(before);
    });

    test("every process ends by its own signal, and not killed at the end of its time", async () => {
      const names = ["api", "scheduler", "update-listener", "worker-1", "worker-ml-1"].map(container);
      docker("stop", ...names);
      const codes = names.map((name) => docker("inspect", "--format", "{{.State.ExitCode}}", name));
      docker("start", ...names);
      expect(codes).not.toContain("137");
      for (const name of names) await until(`${name} is healthy`, 60, () => healthOf(name) === "healthy");
    });

    test("a worker that is asked to stop finishes the job at hand first", async () => {
      const query = (sql: string) => get().query("robotoff", sql);
      const worker = container("worker-1");
      // The job writes to this table, and has to wait for it.
      const lock = "begin; lock table image; select pg_sleep(600)";
      docker("exec", "--detach", container("postgres"), "psql", "-U", "postgres", "-d", "robotoff", "-c", lock);
      const locks = (granted: boolean) =>
        query(`select count(*) from pg_locks where relation = 'image'::regclass and ${granted ? "" : "not "}granted`);
      await until("the table is locked", 30, () => locks(true) === "1");
      const at = (path: string) => get().url("api of robotoff", 5500, `/api/v1${path}`);
      const image = { barcode: "stop", image_url: "https://images.example/stop/1.jpg" };
      const sent = await request(at("/images/import"), "POST", image);
      const { job_id: id } = sent.body as { job_id: string };
      const status = async () => ((await request(at(`/jobs/${id}`))).body as { status: string }).status;
      await until("the job waits", 30, () => locks(false) === "1");
      get().host.shell(`docker stop ${worker} >/dev/null 2>&1 &`);
      await until("the worker has heard it", 20, () => /warm shut ?down/i.test(docker("logs", worker)));
      expect(await status()).toBe("started");
      query("select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(600)'");
      await until("the job is finished", 30, async () => (await status()) === "finished");
      const state = () => docker("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", worker);
      await until("the worker has ended", 30, () => state().startsWith("exited"));
      expect(state()).toBe("exited 0");
      docker("start", worker);
      await until(`${worker} is healthy`, 60, () => healthOf(worker) === "healthy");
    });

    test("make status HEALTH=1 shows what the API's backends answer, and fails with one of them", () => {
      const status = () => get().operation("status", "--system", "robotoff", "--health", "1");
      const well = succeeded(status());
      for (const backend of ["postgres", "redis", "elasticsearch"])
        expect(well).toMatch(new RegExp(`^${backend} +passed`, "m"));
      docker("pause", container("elasticsearch"));
      const text = failed(status());
      docker("unpause", container("elasticsearch"));
      expect(text).toMatch(/^elasticsearch +failed/m);
    });

    test("make queues asks rq through the image's entrypoint", () => {
      const text = succeeded(get().operation("queues", "--system", "robotoff"));
      expect(text).toContain("/docker-entrypoint.sh rq info");
      expect(text).toMatch(/2 workers, \d+ queues/);
    });

    test("make up ends with what the backends answer; one that does not is a warning, not a failed deployment", () => {
      get().change("robotoff", "api", { environment: { INFLUXDB_HOST: "nowhere" } });
      const text = succeeded(get().makeUp());
      expect(text).toMatch(/^postgres +passed/m);
      expect(text).toContain("warning: Robotoff misses influxdb; again: make status HEALTH=1");
    });
  });
}
