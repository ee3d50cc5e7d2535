/** What one `up` takes over of a compose deployment (`make adopt`): said to the program, and to the checks before it, by a file. */
import { readFileSync } from "node:fs";
import type { HostSettings } from "../config/host.ts";
import { runInstalled } from "./installed.ts";

/** A container that is handed over. */
export interface Old {
  id: string;
  name: string;
  /** Seconds that it is given to stop. */
  seconds: number;
}

/** By the name of the container that takes the place. */
export type Adoption = Record<string, Old[]>;

/** What this `up` adopts: ADOPTION names the file; nothing in every other. */
export function adoption(): Adoption {
  const { ADOPTION } = process.env;
  return ADOPTION ? (JSON.parse(readFileSync(ADOPTION, "utf8")) as Adoption) : {};
}

/** Renames, and stops, what another is about to take the place of. @throws Error when that fails: then nothing may take it */
export async function setAside(host: HostSettings, old: Old[]): Promise<void> {
  const args = ["away", String(Math.max(...old.map(({ seconds }) => seconds))), ...old.map(({ id }) => id)];
  if ((await runInstalled(host, "aside", args, [], "")) !== 0)
    throw new Error(`${old.map(({ name }) => name).join(", ")} could not be set aside; see above`);
}

/**
 * While an adoption is under way, who is not handed over yet asks for a server in compose's network: it answers there as well, until `leave`.
 * @param network compose's, by Docker's name
 * @param service the name that it is asked for by
 */
export async function joinWhileAdopted(
  host: HostSettings,
  network: string,
  service: string,
  container: string,
): Promise<void> {
  if ((await runInstalled(host, "aside", ["join", network, service, container], [], "")) !== 0)
    throw new Error(`${container} could not be put into ${network}, where others still ask for it; see above`);
}
