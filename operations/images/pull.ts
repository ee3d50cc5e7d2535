/**
 * Pulls what the host lacks before anything else is done: by docker itself, whose progress a person sees (Pulumi's pull shows none),
 * with the host's own log-ins, and while all that runs goes on.
 */
import type { HostSettings } from "../../config/host.ts";
import { checkHost } from "../../hosts/checks.ts";
import { dockerCommand, onTerminal, quote } from "../../hosts/connection.ts";
import { docker, dockerOutput, show } from "../../hosts/docker.ts";
import { succeeds } from "../../hosts/run.ts";
import { fullName, isOwn } from "../../systems/registry.ts";
import type { SystemSpec } from "../../systems/spec.ts";
import type { Stack } from "../../systems/stack.ts";

/** The contents that references name on the host now; undefined: nothing there. */
export function imageIds(host: HostSettings, references: string[]): Map<string, string | undefined> {
  const asked = [...new Set(references)];
  if (asked.length === 0) return new Map();
  // An engine that is away or hangs would read as one without images.
  dockerOutput(host, ["version"]);
  const line =
    `for i in ${asked.map(quote).join(" ")}; do ` +
    `echo "$i $(docker image inspect --format '{{.Id}}' "$i" 2>/dev/null)"; done`;
  const lines = succeeds(host, line).split("\n").filter(Boolean);
  return new Map(lines.map((each) => each.split(" ")).map(([reference, id]) => [reference!, id || undefined]));
}

/** Those of the references that name nothing there; one question when none is missing. */
function missingImages(host: HostSettings, references: string[]): string[] {
  const asked = [...new Set(references)];
  if (asked.length === 0 || docker(host, ["image", "inspect", "--format", "{{.Id}}", ...asked]).code === 0) return [];
  return [...imageIds(host, asked)].flatMap(([reference, id]) => (id === undefined ? [reference] : []));
}

/** How the host's user logs in to an image's registry: docker keeps that there, for every later pull. */
const logIn = (host: HostSettings, image: string): string =>
  onTerminal(dockerCommand(host, ["login", fullName(image).domain]))
    .map(quote)
    .join(" ");

/**
 * @param systems whose images
 * @throws Error when something is in the way on the host, or an image could not be had; nothing else was done
 */
export async function pullMissing(stack: Stack, systems: SystemSpec[]): Promise<void> {
  const references = systems.flatMap(({ services }) => services.map(({ image }) => image));
  const missing = missingImages(
    stack.host,
    references.filter((image) => !isOwn(image)),
  );
  if (missing.length === 0) return;
  const { problems } = checkHost(stack.host, stack.name, stack.systems);
  if (problems) throw new Error(problems);
  const terminal = process.stdout.isTTY === true;
  for (const image of missing) {
    const pull = dockerCommand(stack.host, ["pull", image]);
    if ((await show(terminal ? onTerminal(pull) : pull)) !== 0)
      throw new Error(
        `${image} could not be pulled; see above. Nothing was changed. ` +
          `Where it says denied, unauthorized or no basic auth credentials, the registry wants a log-in: ${logIn(stack.host, image)}`,
      );
  }
}
