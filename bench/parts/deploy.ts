/** The real stack, both systems: this program against docker compose. */
import { ComposeStack, OwnStack } from "../lib/sides.ts";
import { seconds } from "../lib/processes.ts";
import type { Section } from "../lib/report.ts";
import { Samples } from "../lib/statistics.ts";

const STEPS = ["up from nothing to all healthy", "up with nothing to do", "up with one setting changed"] as const;
const PREVIEW = "preview --refresh";

export async function deploy(rounds: number): Promise<Section> {
  const samples = new Samples();
  for (let round = 1; round <= rounds; round += 1) {
    for (const Side of [OwnStack, ComposeStack]) {
      const name = Side === OwnStack ? "ours" : "compose";
      const side = await Side.create();
      for (const step of STEPS) {
        if (step === STEPS[2]) side.change();
        samples.add(`${name}: ${step}`, await seconds(() => side.up()));
      }
      if (side instanceof OwnStack) samples.add(`${name}: ${PREVIEW}`, await seconds(() => side.preview("--refresh")));
      side.remove();
    }
  }
  const row = (step: string, target: string) => [
    step,
    samples.show(`ours: ${step}`),
    samples.show(`compose: ${step}`),
    samples.ratio(`ours: ${step}`, `compose: ${step}`),
    target,
  ];
  return {
    title: "The real stack: this program and docker compose",
    notes: [
      "Both systems, under names and ports of their own, images present. Compose gets the files that `make compose` writes: one `up -d` for each system, both at once, then the same wait for health as for this program (`--wait` of compose fails over a job that ended and that nothing needs).",
      "The one setting is the log level of Robotoff's scheduler: one container is replaced.",
      "With nothing to do, compose runs every one-shot job once more; this program does not. Compose has no preview of drift.",
    ],
    columns: ["", "this program", "docker compose", "ratio", "to reach"],
    rows: [
      row(STEPS[0], "≤ 1.2"),
      row(STEPS[1], "≤ 0.9"),
      row(STEPS[2], "≤ 1.0"),
      [PREVIEW, samples.show(`ours: ${PREVIEW}`), "–", "–", ""],
    ],
  };
}
