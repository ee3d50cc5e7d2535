/** Brings back what operations/up/plan.ts found, before Pulumi runs. */
import type { HostSettings } from "../../config/host.ts";
import { dockerCommand } from "../../hosts/connection.ts";
import { dockerOutput, show } from "../../hosts/docker.ts";
import { refreshOnly } from "../recovery/refresh.ts";
import type { Existing, Plan } from "./plan.ts";

/** All networks, volumes and images that the engine has. */
export function existing(host: HostSettings): Existing {
  const names = (...args: string[]) => new Set(dockerOutput(host, args).split("\n").filter(Boolean));
  return {
    networks: names("network", "ls", "--format", "{{.Name}}"),
    volumes: names("volume", "ls", "--format", "{{.Name}}"),
    images: names("image", "ls", "--no-trunc", "--quiet"),
  };
}

/** Runs `docker VERB` for containers, one after the other in their order. The names of those for which it failed. */
export async function each(host: HostSettings, verb: string, names: string[]): Promise<string[]> {
  const failed: string[] = [];
  for (const name of names) if ((await show(dockerCommand(host, [verb, name]))) !== 0) failed.push(name);
  return failed;
}

/**
 * Sets impostors aside: each is stopped with its own stop timeout, and keeps its data under another name. With the engine none is started
 * again: it would answer to ours' name on the network.
 * @throws Error when one would be gone with its stop, before anything is done; or when docker fails
 */
export async function setAside(host: HostSettings, names: string[]): Promise<void> {
  if (names.length === 0) return;
  const format = "{{.Name}} {{.HostConfig.AutoRemove}}";
  const lines = dockerOutput(host, ["container", "inspect", "--format", format, ...names]).split("\n");
  const passing = lines.flatMap((line) => /^\/(\S+) true$/.exec(line)?.[1] ?? []);
  if (passing.length > 0)
    throw new Error(
      `${passing.join(", ")}: made by docker run --rm, and gone with what is in it once it is stopped: nothing was set aside. ` +
        "When it is not needed: docker stop, and again",
    );
  for (const name of names) {
    const other = `${name}-set-aside-${Math.floor(Date.now() / 1_000)}`;
    for (const args of [
      ["update", "--restart", "no", name],
      ["stop", name],
      ["rename", name, other],
    ])
      if ((await show(dockerCommand(host, args))) !== 0) throw new Error(`${name} could not be set aside; see above`);
  }
}

/**
 * @param stack the stack's name
 * @returns the names of containers that could not be started: only others in their place can be
 * @throws an Error when an impostor cannot be set aside or Pulumi cannot look again; nothing was deployed then
 */
export async function bringBack(host: HostSettings, stack: string, todo: Plan): Promise<string[]> {
  await setAside(host, todo.setAside);
  await each(host, "unpause", todo.unpause);
  const failed = await each(host, "start", todo.start);
  await each(host, "restart", todo.restart);
  const lost = [...todo.lost, ...todo.lostNetworks, ...todo.lostVolumes, ...todo.lostImages].map(({ urn }) => urn);
  if (lost.length > 0 && (await refreshOnly(stack, lost)) !== 0)
    throw new Error("Pulumi could not look at what is gone; see above");
  return failed;
}
