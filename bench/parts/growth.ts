/** N plain containers: how the time grows with N. */
import { docker } from "../../tests/engine/stack.harness.ts";
import type { SystemSpec } from "../../systems/spec.ts";
import { prefix, removeProjects } from "../lib/engine.ts";
import { compose, own, type GrowthSide } from "../lib/growth-sides.ts";
import { plainSystem } from "../lib/growth-system.ts";
import { seconds } from "../lib/processes.ts";
import type { Section } from "../lib/report.ts";
import { exponent, Samples } from "../lib/statistics.ts";
import { provider, terraform } from "../lib/terraform.ts";
import type { Options } from "../lib/options.ts";

const TOOLS = ["this program", "docker compose", "terraform"] as const;
const STEPS = ["up from nothing", "up with nothing to do", "plan"] as const;

export async function growth({ rounds, sizes }: Options): Promise<Section> {
  const image = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "robotoff-protea/redis").split("\n")[0]!;
  if (!image) throw new Error("the image robotoff-protea/redis is missing: make setup");
  const built = await provider();
  const make: Record<string, (system: SystemSpec) => Promise<GrowthSide>> = {
    "this program": own,
    "docker compose": (system) => Promise.resolve(compose(system)),
    ...(built ? { terraform: (system) => Promise.resolve(terraform(system, built)) } : {}),
  };
  const samples = new Samples();
  for (let round = 1; round <= rounds; round += 1) {
    for (const n of sizes) {
      for (const [index, [tool, side]] of Object.entries(make).entries()) {
        const project = `${prefix()}g${round}-${n}-${index}`;
        const made = await side(plainSystem(project, image, n));
        samples.add(`${tool}: up from nothing ${n}`, await seconds(() => made.up()));
        samples.add(`${tool}: up with nothing to do ${n}`, await seconds(() => made.up()));
        if (made.plan) samples.add(`${tool}: plan ${n}`, await seconds(() => made.plan!()));
        removeProjects(project);
      }
    }
  }
  const rows = STEPS.flatMap((step) =>
    TOOLS.filter((tool) => tool in make && !(step === "plan" && tool === "docker compose")).map((tool) => [
      step === "plan" ? "plan, refreshed" : step,
      tool,
      ...sizes.map((n) => samples.show(`${tool}: ${step} ${n}`)),
      exponent(sizes.map((n) => ({ n, seconds: samples.median(`${tool}: ${step} ${n}`) }))).toFixed(2),
      tool === "this program" ? "≤ 1.1" : "",
    ]),
  );
  return {
    title: "Growth: N plain containers",
    notes: [
      "`sleep infinity` in an image that is present, one network, no health checks, volumes or ports; this program's side is bench/growth-program.ts, made of its own components.",
      "The exponent k of time = c · N^k is the slope of the least-squares line through log time over log N; no fixed part is subtracted first, so a tool's start-up lowers it.",
      built
        ? "Terraform runs the provider that the Docker plug-in is made of; its `plan` and its `apply` with nothing to do refresh, as `preview --refresh` does here."
        : "Terraform, or the Go compiler that builds its provider: not at hand.",
    ],
    columns: ["", "by", ...sizes.map((n) => `N = ${n}`), "exponent", "to reach"],
    rows,
  };
}
