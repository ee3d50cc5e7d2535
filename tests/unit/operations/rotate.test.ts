/** Who is told and made again when a secret changes, and in which order. The servers themselves: tests/engine/topics/rotation.ts. */
import { rotating, rotationText, usersOf } from "../../../operations/rotate/plan.ts";
import { SERVERS } from "../../../operations/rotate/servers.ts";
import { pendingKey } from "../../../config/secrets.ts";
import { knownSecrets } from "../../../config/read.ts";
import { monitored } from "../monitoring/support.ts";
import { committed, MINIMAL, problemsOf, STACKS } from "../support/stack.ts";

const local = committed("local");
const names = (...keys: string[]) => usersOf(local.systems, keys).map(({ name }) => name);

test("a server is told and made again before who needs it, jobs among them", () => {
  const [one] = rotating(local.systems, local.secrets, "protea:postgresPassword");
  expect(one!.keepers.map(({ name }) => name)).toEqual(["protea-postgres-1"]);
  const made = names("protea:postgresPassword");
  expect(made[0]).toBe("protea-postgres-1");
  for (const [first, then] of [["protea-migrate-1", "protea-api-1"], ["protea-postgres-1", "protea-migrate-1"]] as const)
    expect(made.indexOf(first)).toBeLessThan(made.indexOf(then));
  expect(made).toContain("protea-worker-reaper-1");
  expect(made.filter((name) => /frontend|minio|rabbitmq|robotoff/.test(name))).toEqual([]);
}); // prettier-ignore

test("several at once: all that have one of them, once each", () => {
  const both = names("protea:rabbitmqPassword", "protea:postgresPassword");
  expect(new Set(both).size).toBe(both.length);
  expect(both).toEqual(expect.arrayContaining([...names("protea:rabbitmqPassword"), ...names("protea:postgresPassword")]));
}); // prettier-ignore

test("who watches a database has its password as well, and does not keep it", () => {
  const { systems, secrets } = monitored("local");
  const [one] = rotating(systems, secrets, "robotoff:postgresPassword");
  expect(one!.keepers.map(({ name }) => name)).toEqual(["robotoff_postgres_1"]);
  expect(usersOf(systems, [one!.secret.key]).at(-1)!.name).toBe("monitoring-robotoff-postgres-exporter-1");
});

test.each(STACKS)("%s: what a server or a repository keeps has somebody who is told, by words that are there", (stack) => {
  const { systems, secrets } = committed(stack);
  const kept = rotating(systems, secrets, secrets.map(({ key }) => key).join(","));
  for (const { secret, keepers } of kept) {
    expect([secret.key, keepers.length > 0]).toEqual([secret.key, ["server", "repository"].includes(secret.rotation)]);
    for (const { service } of keepers) expect(Object.keys(SERVERS)).toContain(service.name);
  }
}); // prettier-ignore

test("another name is no secret of this stack, and neither is none", () => {
  for (const asked of [undefined, "", "protea:password", "protea:minioPassword,robotoff:x"])
    expect(() => rotating(local.systems, local.secrets, asked)).toThrow(
      /^found SECRET=.*; this stack has\n.* {2}protea:minioPassword \(root password of MinIO\)/s,
    );
});

test("what a person is told before", () => {
  const all = rotating(local.systems, local.secrets, "protea:rabbitmqPassword protea:adminToken");
  const users = usersOf(local.systems, all.map(({ secret }) => secret.key)); // prettier-ignore
  const text = rotationText(all, users, new Set(["protea:adminToken"]));
  expect(text.split("\n").slice(0, 6)).toEqual([
    "new values:",
    "  protea:rabbitmqPassword: protea-rabbitmq-1 is told while it runs: who is connected stays so, who connects with the old one is refused until it is made again",
    "  protea:adminToken (the new value of the run before): whoever has it reads it at its start",
    "made again, in this order; volumes stay:",
    "  protea-rabbitmq-1",
    "  protea-queues-1 (a job, run again)",
  ]);
});

test("a value that waits is no setting of a stack", () => {
  const waiting = Object.fromEntries([...knownSecrets].map((key) => [pendingKey(key), "waits"]));
  expect(problemsOf({ ...MINIMAL, ...waiting }, { secretKeys: new Set(Object.keys(waiting)) })).toEqual(
    problemsOf(MINIMAL, {}),
  );
});
