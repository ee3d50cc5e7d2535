/** What a hand can do to a host, on this machine's engine; and what a refreshed preview and Terraform's plan see of the same. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { standInTag } from "../../images/builder/tag.ts";
import { fill, runningStack } from "../engine/filled-stack.ts";
import { run, succeeded } from "../engine/host.ts";
import type { TestStack } from "../engine/stack.harness.ts";
import { driftMatrix, type Place } from "./drift-matrix.ts";
import { refreshedPreview, terraformPlan } from "./lookers.ts";

let stack: TestStack;
let place: Place;
let remove: (() => void) | undefined;

/** A home of its own: what is installed there is everybody's of this machine. And a crontab: this machine may have none. */
function ownHome(one: TestStack): void {
  const programs = join(one.folder, "programs");
  const home = join(one.folder, "home");
  for (const folder of [programs, home]) mkdirSync(folder);
  const crontab = `#!/bin/sh\ncase $1 in\n-l) cat '${home}/crontab' 2> /dev/null || { echo "no crontab for me" >&2; exit 1; } ;;\n-r) rm '${home}/crontab' ;;\n-) cat > '${home}/crontab' ;;\nesac\n`;
  writeFileSync(join(programs, "crontab"), crontab, { mode: 0o755 });
  Object.assign(one.environment, { HOME: home, PATH: `${programs}:${process.env.PATH}` });
}

beforeAll(async () => {
  let image = "";
  stack = await runningStack((one) => {
    ownHome(one);
    // A tag of its own, to be moved: those of the others are everybody's.
    image = `${one.name}/frontend:1`;
    one.docker("tag", standInTag("images/protea-frontend"), image);
    const images = one.config["protea:images"] as Record<string, unknown>;
    one.config["protea:images"] = { ...images, frontend: image };
    one.config["host:backups"] = { directory: ".local/backups", schedule: { backup: "03:15" } };
  });
  fill(stack, 1);
  const terraform = await terraformPlan(stack, image);
  if (!terraform) console.log("there is no Terraform, or no Go that builds its provider: its plan is left out");
  remove = terraform?.remove;
  const home = (line: string) => succeeded(run("sh", ["-c", line], stack.environment)).trim();
  const others = [refreshedPreview(stack), ...(terraform ? [terraform] : [])];
  place = Object.assign(stack, { home, image, idle: standInTag("images/redis"), others });
}, 900_000);

afterAll(() => {
  remove?.();
  stack.remove();
});

driftMatrix(() => place);
