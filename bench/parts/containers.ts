/** Plain containers, by three tools: what each tool takes by itself, without a server's start. */
import { docker } from "../../tests/engine/stack.harness.ts";
import type { SystemSpec } from "../../systems/spec.ts";
import { compose, own, type ContainerSide } from "../lib/container-sides.ts";
import { prefix, removeProjects } from "../lib/engine.ts";
import { plainSystem } from "../lib/plain-system.ts";
import { seconds } from "../lib/processes.ts";
import type { Section } from "../lib/report.ts";
import { Samples } from "../lib/statistics.ts";
import { provider, terraform } from "../lib/terraform.ts";

const COUNT = 20;
const STEPS = ["up from nothing", "up with nothing to do", "plan, refreshed"] as const;

export async function containers(rounds: number): Promise<Section> {
  const image = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "robotoff-protea/redis").split("\n")[0]!;
  if (!image) throw new Error("the image robotoff-protea/redis is missing: make setup");
  const built = await provider();
  const make: Record<string, (system: SystemSpec) => Promise<ContainerSide>> = {
    "this program": own,
    "docker compose": (system) => Promise.resolve(compose(system)),
    ...(built ? { terraform: (system) => Promise.resolve(terraform(system, built)) } : {}),
  };
  const tools = Object.keys(make);
  const samples = new Samples();
  for (let round = 1; round <= rounds; round += 1) {
    for (const [index, [tool, side]] of Object.entries(make).entries()) {
      const project = `${prefix()}p${round}-${index}`;
      const made = await side(plainSystem(project, image, COUNT));
      const actions = [made.up, made.up, made.plan];
      for (const [step, action] of STEPS.map((step, n) => [step, actions[n]] as const)) {
        if (action) samples.add(`${tool}: ${step}`, await seconds(action));
      }
      removeProjects(project);
    }
  }
  return {
    title: `${COUNT} plain containers: this program, docker compose and terraform`,
    notes: [
      "`sleep infinity` in an image that is present, one network, no health checks, volumes or ports; this program's side is bench/containers-program.ts, made of its own components.",
      built
        ? "Terraform runs the provider that the Docker plug-in is made of; its `plan` and its `apply` with nothing to do refresh, as `preview --refresh` does here."
        : "Terraform, or the Go compiler that builds its provider: not at hand.",
    ],
    columns: ["", ...tools],
    rows: STEPS.map((step) => [step, ...tools.map((tool) => samples.show(`${tool}: ${step}`))]),
  };
}
