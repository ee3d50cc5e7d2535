/** `make expose`: a tunnel from the internet to PROTEA's frontend alone, until Ctrl-C. */
import { spawnSync } from "node:child_process";
import { run, selected } from "./command.ts";
import { frontendAddress, PROGRAMS, tunnelCommand } from "./expose/tunnel.ts";
import { forwardCommand, quote } from "../hosts/connection.ts";
import { show } from "../hosts/docker.ts";
import { readStack } from "./stack.ts";

/** A port of this machine for another host's frontend: not its own number, which the local stack's frontend may have. */
const FORWARDED = 13000;

async function answers(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

export const done = run(["domain"], async ({ stack: name, service, domain }) => {
  const stack = readStack(name);
  const [system] = selected(stack, { system: "protea" });
  const address = frontendAddress(system!, service);
  const found = PROGRAMS.filter((program) => !spawnSync(program, ["--version"]).error);
  const forward = forwardCommand(stack.host, [`${FORWARDED}:${address}`]);
  if (forward) {
    const tunnel = tunnelCommand(`127.0.0.1:${FORWARDED}`, found, domain);
    throw new Error(
      `${name} is on another host. In one terminal:\n  ${forward.map(quote).join(" ")}\nin another:\n  ${tunnel.map(quote).join(" ")}`,
    );
  }
  const command = tunnelCommand(address, found, domain);
  if (!(await answers(`http://${address}/`)))
    throw new Error(`the frontend does not answer at http://${address}/: make status SYSTEM=protea`);
  console.error(`Whoever has the address can use PROTEA, its API included (by /api-proxy). Ctrl-C closes the tunnel.`);
  return show(command);
});
