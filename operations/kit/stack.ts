/** What of a stack itself is kept beside its backups: its file with the encrypted secrets, its state; in a kit the passphrase. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { agentOf, copierOf } from "../../backups/parts.ts";
import { dockerOutput } from "../../hosts/docker.ts";
import type { Stack } from "../../systems/stack.ts";
import { pulumi } from "../pulumi.ts";
import { ownStackFile, stackFile } from "../stack.ts";

const fileOf = (stack: string): string => ownStackFile(stack) ?? stackFile(stack);

/**
 * The passphrase that Pulumi has, as a file by its name; none where secrets are another provider's.
 * @throws Error when Pulumi would ask a person for it
 */
export function passphraseFile(stack: string): Record<string, string> {
  const { PULUMI_CONFIG_PASSPHRASE: text, PULUMI_CONFIG_PASSPHRASE_FILE: named, PULUMI_BACKEND_URL: url } = process.env;
  if (text !== undefined) return { passphrase: `${text}\n` };
  const file = named ?? (url ? undefined : ".local/passphrase");
  if (file && existsSync(file)) return { passphrase: readFileSync(file, "utf8") };
  if (/^secretsprovider:/m.test(readFileSync(fileOf(stack), "utf8"))) return {};
  throw new Error(
    "the kit needs the stack's passphrase: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE, where Pulumi finds it too",
  );
}

/**
 * Files by name; every secret in them is encrypted.
 * @throws Error when Pulumi cannot export the state
 */
export function stackFiles(stack: string): Record<string, string> {
  const { status, stdout, stderr } = pulumi("stack", "export", "--stack", stack);
  if (status !== 0) throw new Error(stderr.trim());
  const commit = spawnSync("git", ["rev-parse", "HEAD"], { encoding: "utf8" });
  return {
    [stackFile(stack)]: readFileSync(fileOf(stack), "utf8"),
    "state.json": stdout,
    ...(commit.status === 0 ? { commit: commit.stdout } : {}),
  };
}

/**
 * Where the backend is files, which nobody else keeps: puts them beside the backups, from where the next copy takes them off
 * the host. A failure is told and no more: what was deployed is.
 */
export function keepStack({ name, host, systems }: Stack): void {
  const url = process.env.PULUMI_BACKEND_URL;
  const copied = systems.filter(copierOf);
  if (copied.length === 0 || (url && !url.startsWith("file://"))) return;
  const line =
    'umask 077 && mkdir -p "$BACKUPS/stack" && cat > "$BACKUPS/.stack.new" && mv "$BACKUPS/.stack.new" "$BACKUPS/stack/$0"';
  try {
    for (const [file, text] of Object.entries(stackFiles(name)))
      for (const system of copied)
        dockerOutput(host, ["exec", "-i", "-u", "root", agentOf(system), "sh", "-c", line, file], text);
  } catch (error) {
    console.error(`warning: the stack's state is not kept beside its backups: ${(error as Error).message}`);
  }
}
