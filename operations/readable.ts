/**
 * `make readable TO=URL`: a copy of the stack's state, in another backend, for who may look and not touch: the preview of a pull request.
 * Every secret in it is a placeholder, and its passphrase is no secret. The stack's own state is only read.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./command.ts";
import { generatedValue } from "./password/keys.ts";
import { answerOf } from "./pulumi.ts";
import { importAt } from "./readable/backend.ts";
import { hidden, type Exported } from "./readable/hidden.ts";
import { readStack } from "./stack.ts";

/** The stack's secrets that have a value, by key: configured, or generated. */
function valuesOf(stack: string, exported: Exported): Map<string, string> {
  const configured = answerOf<Record<string, { value?: string }>>(
    "config",
    "--json",
    "--show-secrets",
    "--stack",
    stack,
  );
  const values = readStack(stack).secrets.map(
    ({ key }) => [key, configured[key]?.value ?? generatedValue(exported.deployment, key)] as const,
  );
  return new Map(values.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

export const done = run(["to"], ({ stack, to = "" }) => {
  if (!/^[a-z0-9]+:\/\/./.test(to) || to === process.env.PULUMI_BACKEND_URL)
    throw new Error(
      `found TO=${to}, expected the URL of a backend of its own, as PULUMI_BACKEND_URL has one (docs/pipelines.md)`,
    );
  const exported = answerOf<Exported>("stack", "export", "--show-secrets", "--stack", stack);
  if (!exported.deployment.resources) throw new Error(`${stack} was never deployed: there is nothing to read`);
  const folder = mkdtempSync(join(tmpdir(), "robotoff-protea-readable-"));
  try {
    importAt(folder, to, stack, hidden(exported, valuesOf(stack, exported)));
  } finally {
    rmSync(folder, { recursive: true });
  }
  console.log(`${stack}: its state without secrets is in ${to.replace(/\?.*/, "")}`);
  return 0;
});
