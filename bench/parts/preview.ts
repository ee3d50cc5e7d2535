/** A preview without changes: this program against a plain TypeScript program that declares the same resources. */
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flatState, writePlainProject, type Exported } from "../lib/plain-program.ts";
import { output, seconds } from "../lib/processes.ts";
import type { Section } from "../lib/report.ts";
import { OwnStack } from "../lib/sides.ts";
import { Samples } from "../lib/statistics.ts";

const PROJECT = "robotoff-protea";

/** Sets the plain program up beside the deployed stack, and returns how its preview is made. */
async function plain(own: OwnStack): Promise<{ preview: (...args: string[]) => Promise<string>; count: number }> {
  const folder = join(tmpdir(), "plain");
  const state = flatState(JSON.parse(await own.pulumi("stack", "export", "--show-secrets")) as Exported);
  writePlainProject(folder, PROJECT, state);
  const file = join(folder, "export.json");
  writeFileSync(file, JSON.stringify(state));
  const { name } = own.stack;
  const env = {
    ...own.stack.environment,
    PULUMI_BACKEND_URL: `file://${folder}/state`,
    // An ordinary program has none.
    NODE_COMPILE_CACHE: undefined,
  };
  const pulumi = (...args: string[]) =>
    output({ command: ["pulumi", ...args, "--non-interactive", "--color=never", "--cwd", folder], env });
  await pulumi("stack", "init", name);
  await pulumi("stack", "import", "--stack", name, "--file", file);
  return {
    preview: (...args) => pulumi("preview", "--expect-no-changes", "--stack", name, ...args),
    count: state.deployment.resources.length,
  };
}

export async function preview(rounds: number): Promise<Section> {
  const own = await OwnStack.create();
  await own.up();
  const other = await plain(own);
  const samples = new Samples();
  const kinds = { preview: [], "preview --refresh": ["--refresh"] };
  // Neither side's first one counts.
  await own.preview();
  await other.preview();
  for (let round = 1; round <= rounds; round += 1) {
    for (const [kind, args] of Object.entries(kinds)) {
      samples.add(`ours: ${kind}`, await seconds(() => own.preview(...args)));
      samples.add(`plain: ${kind}`, await seconds(() => other.preview(...args)));
    }
  }
  const resources = (JSON.parse(await own.pulumi("stack", "export")) as Exported).deployment.resources.length;
  own.remove();
  return {
    title: "A preview without changes: this program and a plain TypeScript program",
    notes: [
      `The plain program is one index.ts with the same resources and literal arguments (${other.count} resources; ${resources} here, where components count), set up as \`pulumi new typescript\` does, with the same packages, state and containers.`,
      "Both find no changes (`--expect-no-changes`); the first preview of each is not counted.",
    ],
    columns: ["", "this program", "plain program", "ratio", "to reach"],
    rows: Object.keys(kinds).map((kind) => [
      kind,
      samples.show(`ours: ${kind}`),
      samples.show(`plain: ${kind}`),
      samples.ratio(`ours: ${kind}`, `plain: ${kind}`),
      "≤ 0.6",
    ]),
  };
}
