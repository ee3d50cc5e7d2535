/**
 * node tests/hosts/run.ts COMMAND…: runs it on the laptop of the test hosts, in the rehearsal's checkout: `make … TARGET=hosts`.
 * node tests/hosts/run.ts: brings them up (make hosts); --down removes them (make hosts-down).
 * --on MACHINE COMMAND…: as root on ovh200, ovh201 or proxy; --off MACHINE, --start MACHINE: its power.
 */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { fill } from "./images.ts";
import { Lab, MACHINES, type Machine } from "./lab.ts";
import { Rehearsal, STACKS, type StackName } from "./rehearsal.ts";

const lab = new Lab(resolve(".local/hosts"));
const rehearsal = new Rehearsal(lab);

async function up(): Promise<number> {
  await fill();
  await lab.up();
  for (const stack of Object.keys(STACKS) as StackName[]) rehearsal.furnish(stack);
  rehearsal.prepare();
  console.log(
    "the hosts are up: make up STACK=staging TARGET=hosts, likewise production and every other command; make hosts-down",
  );
  return 0;
}

function there(command: string[]): Promise<number> {
  rehearsal.prepare();
  const [first, ...words] = [...lab.laptop, ...command];
  // What ends it on this terminal ends it there.
  const child = spawn(first!, words, {
    cwd: rehearsal.folder,
    stdio: "inherit",
    env: { ...process.env, ...rehearsal.environment },
  });
  process.on("SIGINT", () => undefined);
  return new Promise((done, failed) => {
    child.on("error", failed);
    child.on("close", (code) => done(code ?? 1));
  });
}

function machine(name = ""): Machine {
  const found = MACHINES.find((one) => one === name);
  if (!found) throw new Error(`found "${name}", expected ${MACHINES.join(", ")}`);
  return found;
}

const [first, ...rest] = process.argv.slice(2);
try {
  if (first === undefined) process.exitCode = await up();
  else if (first === "--down") await lab.down();
  else if (first === "--on") console.log(lab.on(machine(rest.shift()), ...rest));
  else if (first === "--off") await lab.off(machine(rest[0]));
  else if (first === "--start") lab.start(machine(rest[0]));
  else process.exitCode = await there([first, ...rest]);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
