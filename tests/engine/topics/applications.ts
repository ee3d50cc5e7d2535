import { SECRETS } from "../../../systems/spec.ts";
import { EXEC } from "../../../engines/docker/secrets.ts";
import { request, until } from "../../http.ts";
import type { TestStack } from "../stack.harness.ts";

interface Job {
  id: string;
  status: string;
}

/** A job travels through each system end to end, and readiness tells the truth. */
export function applications(get: () => TestStack): void {
  describe("applications", () => {
    const api = (path: string) => get().url("api of protea", 8000, path);
    const submit = async (operation: string, payload: object): Promise<string> => {
      const { code, body } = await request(api("/jobs"), "POST", { operation, payload });
      expect(code).toBeLessThan(300);
      return (body as Job).id;
    };
    const ended = async (id: string): Promise<string> => {
      let status = "";
      await until(`job ${id} ends`, 60, async () => {
        status = ((await request(api(`/jobs/${id}`))).body as Job).status;
        return ["succeeded", "failed", "cancelled"].includes(status);
      });
      return status;
    };

    test("Robotoff: HTTP, queue, worker, Triton, PostgreSQL, Elasticsearch and back", async () => {
      const at = (path: string) => get().url("api of robotoff", 5500, `/api/v1${path}`);
      expect((await request(at("/health"))).code).toBe(200);
      const barcode = String(Date.now());
      const sent = await request(at("/images/import"), "POST", {
        barcode,
        image_url: `https://images.example/${barcode}/1.jpg`,
      });
      expect(sent.body).toMatchObject({ status: "scheduled", queue: "robotoff-high-1" });
      const { job_id } = sent.body as { job_id: string };
      await until("the job is finished", 60, async () => {
        const { status } = (await request(at(`/jobs/${job_id}`))).body as Job;
        expect(status).not.toBe("failed");
        return status === "finished";
      });
      expect((await request(at(`/insights?barcode=${barcode}`))).body).toMatchObject({ status: "found", count: 1 });
      await until(
        "the document is searchable",
        30,
        async () => (await request(at(`/search?q=${barcode}`))).body["count"] === 1,
      );
      const predictions = get().query("robotoff", "select count(*) from image_prediction");
      expect(Number(predictions)).toBeGreaterThanOrEqual(1);
    });

    test("Robotoff: an event of the Redis stream becomes a job", async () => {
      const before = get().docker("exec", get().container("robotoff", "redis"), "redis-cli", "xlen", "product_updates");
      get().docker(
        "exec",
        get().container("robotoff", "api"),
        "/docker-entrypoint.sh",
        "python",
        "-m",
        "robotoff",
        "create-redis-update",
        "--barcode",
        "4242",
        "--uploaded-image-id",
        "1",
      );
      expect(
        Number(get().docker("exec", get().container("robotoff", "redis"), "redis-cli", "xlen", "product_updates")),
      ).toBe(Number(before) + 1);
      await until(
        "the update's insight is there",
        60,
        async () =>
          (await request(get().url("api of robotoff", 5500, "/api/v1/insights?barcode=4242"))).body["count"] === 1,
      );
    });

    test("PROTEA: HTTP, RabbitMQ, three workers, MinIO, pgvector and back", async () => {
      const id = await submit("compute_embeddings", { sequences: ["MKT", "GSH", "AAA"], batch_size: 2 });
      expect(await ended(id)).toBe("succeeded");
      expect(
        Number(get().query("protea", "select count(*) from sequence_embedding where embedding is not null")),
      ).toBeGreaterThanOrEqual(3);
      const objects = get().docker(
        "exec",
        get().container("protea", "minio"),
        EXEC,
        "sh",
        "-c",
        `MC_HOST_s=http://$MINIO_ROOT_USER:$MINIO_ROOT_PASSWORD@127.0.0.1:9000 mc ls --recursive s/protea/embeddings/${id}/`,
      );
      expect(objects.split("\n")).toHaveLength(2);
      const events = (await request(api(`/jobs/${id}/events?limit=50`))).body as unknown[];
      expect(events.length).toBeGreaterThanOrEqual(3);
      expect((await request(api(`/jobs/${id}`), "DELETE")).code).toBeLessThan(300);
      expect((await request(api(`/jobs/${id}`))).code).toBe(404);
    });

    test("PROTEA: the frontend proxies to the API", async () => {
      const { body } = await request(get().url("frontend of protea", 3000, "/api-proxy/health"));
      expect(body).toEqual({ status: "ok" });
    });

    test("PROTEA: the API serves what a worker wrote for an evaluation", async () => {
      const id = await submit("run_cafa_evaluation", {});
      expect(await ended(id)).toBe("succeeded");
      const answer = await fetch(api(`/annotations/evaluation-sets/any/results/${id}/artifacts.zip`));
      expect({ code: answer.status, type: answer.headers.get("content-type") }).toEqual({
        code: 200,
        type: "application/zip",
      });
    });

    test("PROTEA: the database is dropped for nobody without the stack's token", async () => {
      const reset = async (headers: Record<string, string>) =>
        (await fetch(api("/admin/reset-db"), { method: "POST", headers })).status;
      expect(await reset({})).toBe(401);
      expect(await reset({ authorization: "Bearer guessed" })).toBe(403);
      const token = get().docker("exec", get().container("protea", "api"), "cat", `${SECRETS}/PROTEA_ADMIN_TOKEN`);
      expect(token).toMatch(/^[0-9a-f]{32}$/);
      expect(Number(get().query("protea", "select count(*) from job"))).toBeGreaterThan(0);
    });

    test("PROTEA: what fails for good is a dead letter", async () => {
      const letters = () =>
        get().docker(
          "exec",
          get().container("protea", "rabbitmq"),
          "rabbitmqctl",
          "-q",
          "list_queues",
          "name",
          "messages",
        );
      const id = await submit("compute_embeddings", { sequences: ["MKT"], fail: true });
      expect(await ended(id)).toBe("failed");
      await until("the dead letter is in its queue", 30, () => /^protea\.dead-letter\t1$/m.test(letters()));
      const events = JSON.stringify((await request(api(`/jobs/${id}/events?limit=50`))).body);
      expect(events).toContain("child.failed");
    });

    test("PROTEA: a job can be cancelled, and only an ended one deleted", async () => {
      const id = await submit("compute_embeddings", { sequences: ["MKT"], hang: true });
      expect((await request(api(`/jobs/${id}`), "DELETE")).code).toBe(409);
      expect((await request(api(`/jobs/${id}/cancel`), "POST")).body).toMatchObject({ status: "cancelled" });
    });

    test.each(["rabbitmq", "postgres"])(
      "PROTEA: readiness is 503 while %s is down, and comes back by itself",
      async (server) => {
        const name = get().container("protea", server);
        get().docker("stop", name);
        try {
          await until("readiness is 503", 10, async () => (await request(api("/health/ready"))).code === 503);
          expect((await request(api("/health"))).code).toBe(200);
        } finally {
          // The tests after this one need it, whatever this one found.
          get().docker("start", name);
        }
        await until("ready again", 60, async () => (await request(api("/health/ready"))).code === 200);
        expect(await ended(await submit("ping", {}))).toBe("succeeded");
      },
    );
  });
}
