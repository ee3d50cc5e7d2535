/** `make compose`: what the stack declares, as a compose file per system. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { run, selected } from "./command.ts";
import { composeFile, variables } from "../engines/compose/file.ts";
import { readStack, stackFile } from "./stack.ts";

/** Version 1.1, as other readers of compose files know it: there `yes` and `no` are no text unless quoted. */
const YAML = { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false } as const;

export const done = run(["out"], ({ stack: name, system: only, out = ".local/compose" }) => {
  for (const system of selected(readStack(name), { system: only })) {
    const needed = variables(system);
    const header = [
      `${system.name} as ${stackFile(name)} declares it, for docker compose. Made by make compose; change the stack file instead.`,
      ...(needed.length > 0 ? [`Set before use, to values that may stand in a URL: ${needed.join(", ")}`] : []),
    ];
    const text = `${header.map((line) => `# ${line}\n`).join("")}${stringify(composeFile(system), YAML)}`;
    if (out === "-") {
      process.stdout.write(text);
      continue;
    }
    mkdirSync(out, { recursive: true });
    const file = join(out, `${system.name}.yaml`);
    writeFileSync(file, text);
    // Not --wait: Compose 2.26 fails over a job that ended and that nothing needs.
    console.log(`${file}: docker compose -f ${file} up -d`);
  }
  return 0;
});
