/** The backend of a state that may be read by whoever has no secrets. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { readStackFile, stackFile } from "../stack.ts";
import type { Exported } from "./hidden.ts";

/** Nothing in such a state is a secret, so neither is this. */
export const PASSPHRASE = "nothing-here-is-secret";

/**
 * How a preview reads such a state: with its passphrase, and a copy of the stack file without what is encrypted with another one.
 * @returns variables and words for Pulumi
 */
export function readableArguments(stack: string): { environment: Record<string, string>; words: string[] } {
  const { config } = parse(readStackFile(stack)) as { config: Record<string, unknown> };
  const isSecret = (value: unknown) => typeof value === "object" && value !== null && "secure" in value;
  const plain = Object.fromEntries(Object.entries(config).filter(([, value]) => !isSecret(value)));
  const file = `.local/readable/${stackFile(stack)}`;
  mkdirSync(".local/readable", { recursive: true });
  writeFileSync(file, stringify({ config: plain }));
  return { environment: { PULUMI_CONFIG_PASSPHRASE: PASSPHRASE }, words: ["--config-file", file] };
}

/** Pulumi, in a folder of its own: it writes a salt into the stack file beside it. */
function pulumiIn(folder: string, url: string, args: string[], input?: string): string {
  const env = { ...process.env, PULUMI_BACKEND_URL: url, PULUMI_CONFIG_PASSPHRASE: PASSPHRASE };
  const options = { cwd: folder, env, input, encoding: "utf8", maxBuffer: 2 ** 28 } as const;
  const { status, stderr, error } = spawnSync("pulumi", [...args, "--non-interactive"], options);
  if (error) throw error;
  return status === 0 ? "" : stderr.trim() || `pulumi ${args.slice(0, 2).join(" ")}: exit code ${status}`;
}

/**
 * Puts a stack's state into a backend, in the place of the one before.
 * @param folder an empty one, for Pulumi's files
 * @param state its secrets in clear; they are encrypted with PASSPHRASE
 */
export function importAt(folder: string, url: string, stack: string, state: Exported): void {
  const must = (complaint: string) => {
    if (complaint) throw new Error(complaint);
  };
  copyFileSync("Pulumi.yaml", join(folder, "Pulumi.yaml"));
  const made = pulumiIn(folder, url, ["stack", "init", stack, "--no-select"]);
  if (!made.includes("already exists")) must(made);
  // What Pulumi keeps a passphrase's salt for, with a state as with a stack file: it makes one with the first secret.
  must(pulumiIn(folder, url, ["config", "set", "--secret", "salt", "none", "--stack", stack]));
  const { encryptionsalt: salt } = parse(readFileSync(join(folder, `Pulumi.${stack}.yaml`), "utf8")) as Record<
    string,
    string
  >;
  const deployment = { ...state.deployment, secrets_providers: { type: "passphrase", state: { salt } } };
  must(pulumiIn(folder, url, ["stack", "import", "--stack", stack], JSON.stringify({ ...state, deployment })));
}
