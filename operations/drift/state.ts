/** A stack's state with its secrets in clear, which stay in this process. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import type { Resource } from "./applied.ts";

/**
 * Begins at once, so that the host can be asked meanwhile.
 * @param secrets whether they are decrypted; else what is secret is not known
 * @throws Error with what Pulumi says when it cannot tell, or when no `up` has made anything
 */
export async function stateOf(stack: string, secrets: boolean): Promise<Resource[]> {
  const args = ["stack", "export", ...(secrets ? ["--show-secrets"] : []), "--stack", stack];
  // A passphrase is asked for at this terminal.
  const child = spawn("bin/pulumi", args, { stdio: ["inherit", "pipe", "pipe"] });
  const ended = new Promise<number | null>((done, failed) => child.on("error", failed).on("close", done));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0 && !/no stack named .* found/.test(stderr))
    throw new Error(
      `Pulumi cannot tell what the last up of ${stack} made: ${stderr.trim()}` +
        (secrets ? "\nWITHOUT_SECRETS=1 asks for no passphrase; the values of secrets are not compared then" : ""),
    );
  const { deployment } = code === 0 ? (JSON.parse(stdout) as { deployment: { resources?: Resource[] } | null }) : {};
  const resources = deployment?.resources ?? [];
  if (resources.length === 0) throw new Error(`no up has made anything of ${stack} yet: make up STACK=${stack}`);
  return resources;
}
