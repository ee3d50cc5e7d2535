/** Plain containers, deployed by this program, by docker compose and, where it is at hand, by terraform. */
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { composeFile } from "../../engines/compose/file.ts";
import type { SystemSpec } from "../../systems/spec.ts";
import { output } from "./processes.ts";

export interface ContainerSide {
  up: () => Promise<unknown>;
  /** What would change, where the tool can tell. */
  plan?: () => Promise<unknown>;
}

const root = process.cwd();
const folder = () => mkdtempSync(join(tmpdir(), "containers-"));

/** bench/containers-program.ts in a Pulumi project of its own. */
export async function own(system: SystemSpec): Promise<ContainerSide> {
  const cwd = folder();
  const name = "robotoff-protea-containers";
  symlinkSync(join(root, "bench/containers-program.ts"), join(cwd, "index.ts"));
  for (const entry of ["node_modules", "package.json", "toolchain", "hosts"])
    symlinkSync(join(root, entry), join(cwd, entry));
  const write = (file: string, value: unknown) => writeFileSync(join(cwd, file), stringify(value));
  mkdirSync(join(cwd, "state"));
  const { runtime } = parse(readFileSync("Pulumi.yaml", "utf8")) as { runtime: unknown };
  write("Pulumi.yaml", { name, runtime, main: "index.ts" });
  const [first] = system.services;
  const config = { project: system.project, image: first!.image, n: String(system.services.length) };
  const env = {
    PULUMI_BACKEND_URL: `file://${cwd}/state`,
    PULUMI_CONFIG_PASSPHRASE: "bench",
    PULUMI_STACK: system.project,
  };
  const pulumi = (...args: string[]) =>
    output({ command: ["pulumi", ...args, "--non-interactive", "--color=never"], cwd, env });
  write(`Pulumi.${system.project}.yaml`, {
    config: Object.fromEntries(Object.entries(config).map(([key, value]) => [`${name}:${key}`, value])),
  });
  await pulumi("stack", "init", system.project);
  return {
    up: () => pulumi("up", "--yes", "--skip-preview"),
    plan: () => pulumi("preview", "--refresh", "--expect-no-changes"),
  };
}

export function compose(system: SystemSpec): ContainerSide {
  const cwd = folder();
  writeFileSync(join(cwd, "compose.yaml"), stringify(composeFile(system), { version: "1.1" }));
  return { up: () => output({ command: ["docker", "compose", "up", "-d", "--wait"], cwd }) };
}
