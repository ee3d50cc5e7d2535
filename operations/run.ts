/**
 * `make run`: one command in a container of its own, made as a service's containers are and removed afterwards: what
 * `docker compose run --rm --no-deps SERVICE COMMAND` was for. It is made from a container that exists, through Docker's
 * API, so that the secrets in its environment are on no command line and in no file.
 */
import { randomBytes } from "node:crypto";
import { run, selected } from "./command.ts";
import { dockerApi } from "../hosts/api.ts";
import { dockerCommand, onTerminal, quote } from "../hosts/connection.ts";
import { docker, show } from "../hosts/docker.ts";
import { oneOff, type Whole } from "./run/one-off.ts";
import { containersOf } from "../systems/spec.ts";
import { readStack } from "./stack.ts";

export const done = run([], async ({ stack: name, system: only, service, words }) => {
  if (!service || words.length === 0)
    throw new Error("expected, for instance, make run SYSTEM=robotoff SERVICE=worker-1 CMD='rq info'");
  const stack = readStack(name);
  const [system] = selected(stack, { system: only, service });
  const own = containersOf(system!).filter((one) => one.service.name === service);
  const { stdout, stderr } = docker(stack.host, ["container", "inspect", ...own.map((one) => one.name)]);
  const existing = JSON.parse(stdout || "[]") as Whole[];
  const container = existing.find(({ State }) => State.Running) ?? existing[0];
  if (!container) throw new Error(`${service} has no container to be like: ${stderr.trim()}`);

  const terminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const oneoff = [system!.project, service, "run", randomBytes(6).toString("hex")].join(system!.separator);
  const without = own[0]!.service.server ? ", but without its data" : "";
  console.error(`${oneoff}: as ${service}${without}, no ports, removed afterwards: ${words.map(quote).join(" ")}`);
  // The terminal's Ctrl-C is the command's; this program stays to clear up.
  process.on("SIGINT", () => undefined);
  const body = oneOff(own[0]!.service, container, words, terminal);
  await dockerApi(stack.host, `/containers/create?name=${oneoff}`, body);
  try {
    const start = dockerCommand(stack.host, ["start", "--attach", "--interactive", oneoff]);
    return await show(terminal ? onTerminal(start) : start);
  } finally {
    // It is gone already, unless the connection to it was lost.
    docker(stack.host, ["rm", "--force", "--volumes", oneoff]);
  }
});
