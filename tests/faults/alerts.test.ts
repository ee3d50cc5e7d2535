/** Faults on a real stack that is watched: each has exactly its alert told, and its end; and normal work has none. */
import { setTimeout as sleep } from "node:timers/promises";
import { faultsOf } from "../engine/alert-faults.ts";
import { succeeded } from "../engine/host.ts";
import type { TestStack } from "../engine/stack.harness.ts";
import { Watched } from "../engine/watched.ts";

let watched: Watched;

beforeAll(async () => {
  watched = await Watched.create(["robotoff", "protea"]);
}, 900_000);

afterAll(() => watched.remove());

/** Their names alone: the stack is there only when tests run. */
const NAMES = faultsOf({ container: String, docker: String } as unknown as TestStack).map(({ name }) => name);

test("there are at least fifteen", () => {
  expect(NAMES.length).toBeGreaterThanOrEqual(15);
});

test.each(NAMES)("%s", (name) => watched.tells(name), 600_000);

/** In the pace of a deployed stack: at a question a second a minute of the rules is four seconds, and every new container a fault. */
test("normal work has nobody told: a deployment, a scale, a backup", async () => {
  const { stack, receiver } = watched;
  stack.config["monitoring:interval"] = "15s";
  succeeded(stack.up());
  await sleep(60_000);
  receiver.forget();
  const before = receiver.alive;
  // A new setting of every process of a system, and so other containers.
  stack.config["robotoff:environment"] = { ...(stack.config["robotoff:environment"] as object), LOG_LEVEL: "DEBUG" };
  succeeded(stack.makeUp());
  stack.change("protea", "worker-embeddings-batch", { replicas: 2 });
  succeeded(stack.makeUp());
  succeeded(stack.operation("backup"));
  // Longer than what any of that could have set off takes to be told.
  await sleep(180_000);
  expect(receiver.begun()).toEqual([]);
  expect(receiver.alive).toBeGreaterThan(before);
}, 900_000);
