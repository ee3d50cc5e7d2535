/** The way back from an adoption: this stack's containers go, and those that were set aside run again. Volumes are the same all the time. */
import { setTimeout as pause } from "node:timers/promises";
import type { HostSettings } from "../../config/host.ts";
import { dockerOutput, show } from "../../hosts/docker.ts";
import { runInstalled } from "../../hosts/installed.ts";
import { inOrder } from "../../systems/order.ts";
import type { SystemSpec } from "../../systems/spec.ts";
import { selected, selectionWords, type Options } from "../command.ts";
import { confirm } from "../confirm.ts";
import { ASIDE, nameOf, type Container } from "../drift/containers.ts";
import { readStack } from "../stack.ts";
import { titled } from "../table.ts";
import { isComposes } from "./old.ts";
import { variablesOf } from "./secrets.ts";

/**
 * The newest of each name, what others need first. Pure.
 * @param services names in the order of their needs
 */
export function backOrder(aside: Container[], services: string[]): string[] {
  const newest = new Map<string, { name: string; time: number; rank: number }>();
  for (const one of aside) {
    const [name, own, time] = ASIDE.exec(nameOf(one))!;
    const before = newest.get(own!);
    const rank = services.indexOf(one.Config.Labels!["com.docker.compose.service"]!);
    if (!before || before.time < Number(time)) newest.set(own!, { name, time: Number(time), rank });
  }
  return [...newest.values()].sort((one, other) => one.rank - other.rank).map(({ name }) => name);
}

/** A slot that nobody reads any more would keep the server's WAL for ever. */
const DROP =
  "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = 'backup' and not active";

/** Seconds that compose's own health checks are given. */
const PATIENCE = 180;

/** Waits for those of them that say how they are. @throws Error naming those that are not healthy in time */
async function healthyAgain(host: HostSettings, containers: Container[]): Promise<void> {
  const asked = containers
    .filter(({ State, Config }) => Config.Healthcheck && State.Status !== "running")
    .map(({ Id }) => Id);
  if (asked.length === 0) return;
  const format = "{{.Name}} {{if .State.Running}}{{.State.Health.Status}}{{end}}";
  for (let n = 0; ; n += 1) {
    const lines = dockerOutput(host, ["inspect", "--format", format, ...asked])
      .trim()
      .split("\n");
    const waiting = lines.filter((line) => /(starting|unhealthy)$/.test(line));
    if (waiting.length === 0) return;
    if (n === PATIENCE) throw new Error(`all are back, and not healthy yet: ${waiting.join(", ").replaceAll("/", "")}`);
    await pause(1_000);
  }
}

/** What was set aside of these systems. */
export function asideOn(host: HostSettings, systems: SystemSpec[]): Container[] {
  const ids = dockerOutput(host, ["ps", "--all", "--quiet", "--no-trunc"]).split("\n").filter(Boolean);
  const all = ids.length === 0 ? [] : (JSON.parse(dockerOutput(host, ["container", "inspect", ...ids])) as Container[]);
  return all.filter((one) => ASIDE.test(nameOf(one)) && systems.some((system) => isComposes(system, one)));
}

export async function back(options: Options<"yes">): Promise<number> {
  const stack = readStack(options.stack);
  const { host } = stack;
  const systems = selected(stack, { system: options.system });
  const aside = asideOn(host, systems);
  const names = systems.flatMap((system) =>
    backOrder(
      aside.filter((one) => isComposes(system, one)),
      inOrder(system.services).map(({ name }) => name),
    ),
  );
  if (names.length === 0)
    throw new Error("nothing was set aside on this host: there is no way back, and none is needed");
  const text = [
    "this stack's containers are stopped and removed; its volumes stay. Then these are started as they were, on the same volumes:",
    ...titled("back", names),
    "What was written meanwhile stays; a migration of the database that ran meanwhile is not undone.",
  ];
  await confirm(text.join("\n"), options.yes);
  const words = ["--yes", "--skip-preview", host.protectVolumes ? "--exclude-protected" : "", ...options.words];
  const destroy = [
    process.execPath,
    "operations/destroy.ts",
    ...selectionWords(options),
    "--",
    ...words.filter(Boolean),
  ];
  const code = await show(destroy);
  if (code !== 0) return code;
  const failed = await runInstalled(host, "aside", ["back", ...names], [], "");
  if (failed !== 0) throw new Error("not all of them are back; see above. Again: make adopt BACK=1");
  for (const one of aside.filter((each) => names.includes(nameOf(each)))) {
    const user = variablesOf(one).get("POSTGRES_USER");
    if (one.Config.Labels!["com.docker.compose.service"] !== "postgres" || !user) continue;
    const psql = ["psql", "-U", user, "-d", "postgres", "-qAtXc", DROP];
    const wait = 'for n in $(seq 60); do pg_isready -q && break; sleep 1; done; exec "$@"';
    dockerOutput(host, ["exec", one.Id, "sh", "-c", wait, "wait", ...psql]);
  }
  await healthyAgain(
    host,
    aside.filter((each) => names.includes(nameOf(each))),
  );
  console.log(
    `${names.length} containers are back as compose made them; the stack file keeps what it was told of volumes and networks`,
  );
  return 0;
}
