import { EXEC } from "../../../engines/docker/secrets.ts";
import { request, until } from "../../http.ts";
import { failed, succeeded } from "../host.ts";
import type { TestStack } from "../stack.harness.ts";

/** What `make queues` and `make letters` say and do on a stack that runs. */
export function queuesOperations(get: () => TestStack): void {
  describe("make queues and letters", () => {
    const rabbitmqctl = (...args: string[]) =>
      get().docker("exec", get().container("protea", "rabbitmq"), "rabbitmqctl", "-q", ...args);
    const waiting = (queue: string) => {
      const line = rabbitmqctl("list_queues", "name", "messages")
        .split("\n")
        .find((each) => each.startsWith(`${queue}\t`));
      return Number(line?.split("\t")[1] ?? NaN);
    };
    const dead = () => waiting("protea.dead-letter");
    const letters = (...args: string[]) => get().operation("letters", ...args);

    /** A message of a test's own, straight into the queue of dead letters. */
    const bury = (body: string, headers: string) => {
      const script = `import os, pika
connection = pika.BlockingConnection(pika.URLParameters(os.environ["PROTEA_AMQP_URL"]))
channel = connection.channel()
channel.confirm_delivery()
channel.basic_publish("", "protea.dead-letter", ${body}, pika.BasicProperties(headers=${headers}, delivery_mode=2))
connection.close()`;
      get().docker("exec", get().container("protea", "worker-jobs"), EXEC, "python", "-c", script);
    };

    test("consumers beside what is declared; red without the one consumer of protea.embeddings", async () => {
      const worker = get().container("protea", "worker-embeddings");
      const queues = () => get().operation("queues", "--system", "protea");
      expect(succeeded(queues())).toMatch(/^protea\.embeddings +\d+ +1 +1$/m);
      get().docker("stop", worker);
      try {
        await until("its consumer is gone", 30, () => queues().code === 1);
        expect(failed(queues())).toContain("protea.embeddings has 0 consumers, expected exactly 1");
      } finally {
        get().docker("start", worker);
      }
      await until("its consumer is back", 60, () => queues().code === 0);
    });

    test("looking takes nothing away, and a letter that is put back is consumed again", async () => {
      const before = dead();
      const payload = { sequences: ["MKT"], fail: true };
      const operation = "compute_embeddings";
      await request(get().url("api of protea", 8000, "/jobs"), "POST", { operation, payload });
      await until("there is one more dead letter", 60, () => dead() === before + 1);
      const shown = () => succeeded(letters("--tail", "100"));
      expect(shown()).toContain(`protea.dead-letter: ${before + 1} message`);
      expect(shown()).toMatch(new RegExp(`^${before + 1}\\. from protea\\.embeddings\\.batch: rejected, 20`, "m"));
      expect(dead()).toBe(before + 1);

      const back = succeeded(letters("--republish", String(before + 1), "--yes", "1"));
      expect(back).toContain("put back into protea.embeddings.batch");
      await until("its worker has taken it", 30, () => waiting("protea.embeddings.batch") === 0 && dead() === before);
    });

    test("what cannot be put back stays", () => {
      const before = dead();
      bury('b"\\xff\\x00\\x01"', "None");
      bury('b"{}"', '{"x-first-death-queue": "protea.gone", "x-own": 7}');
      const list = succeeded(letters("--tail", "100"));
      expect(list).toContain(`${before + 1}. from no queue that it names: no reason given\n   hex ff0001`);
      expect(list).toContain(`${before + 2}. from protea.gone: no reason given\n   x-own=7\n   {}`);
      expect(failed(letters("--republish", String(before + 1), "--yes", "1"))).toContain("nothing was changed");
      expect(failed(letters("--republish", String(before + 2), "--yes", "1"))).toContain(
        "there is no queue protea.gone any more; nothing was changed",
      );
      expect(dead()).toBe(before + 2);
    });

    test("purging asks first, and removes what it counted", async () => {
      const before = dead();
      expect(before).toBeGreaterThan(0);
      expect(failed(letters("--purge", "1"))).toContain("add YES=1");
      expect(dead()).toBe(before);
      expect(succeeded(letters("--purge", "1", "--yes", "1"))).toContain(`deleted: ${before}\n`);
      await until("they are gone", 10, () => dead() === 0);
    });
  });
}
