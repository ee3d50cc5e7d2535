/** What a killed run of the tests left is removed by the next; what lives, and what is anybody else's, is not. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout } from "node:timers/promises";
import { STACK_LABEL } from "../../engines/docker/labels.ts";
import { standInTag } from "../../images/builder/tag.ts";
import { here } from "./host.ts";
import { folderOf, marked, nameOf, removeNamed, sweep } from "./leftovers.ts";

const mine = `${nameOf(process.pid)}n0`;
const run = nameOf(process.pid);
/** This process's number, used by another one before. */
const earlier = `${run.replace(/x[0-9a-z]+m/, "x1m")}n1`;
/** A process that is not there, of a machine of which nothing is known. */
const elsewhere = `${run.replace(/^t\d+x/, "t4194305x").replace(/m[0-9a-f]{4}$/, "m0000")}n1`;

/** Everything a run makes: a container of a stack, and a container, volume, network, an image's name and a folder beside. */
function make(name: string): void {
  folderOf(name);
  const image = standInTag("images/redis");
  here.docker("create", "--name", `${mine}-a-${name}`, "--label", `${STACK_LABEL}=${name}`, image);
  here.docker("volume", "create", ...marked(name), `${mine}-b-${name}`);
  here.docker("network", "create", ...marked(name), `${mine}-c-${name}`);
  here.docker("tag", image, `${name}/e:1`);
  const volume = ["--volume", `${mine}-b-${name}:/data`, "--network", `${mine}-c-${name}`];
  here.docker("create", "--name", `${mine}-d-${name}`, ...marked(name), ...volume, image);
}

/** Which of it is there. */
function there(name: string): string {
  const listed = [
    ["ps", "--all", "--format", "{{.Names}}"],
    ["volume", "ls", "--format", "{{.Name}}"],
    ["network", "ls", "--format", "{{.Name}}"],
  ];
  const names = listed.flatMap((list) => here.docker(...list).split("\n"));
  const parts = ["a", "b", "c", "d"].filter((part) => names.includes(`${mine}-${part}-${name}`));
  const folder = existsSync(`${tmpdir()}/robotoff-protea-test-${name}`);
  return [...parts, ...(here.docker("images", "--quiet", `${name}/e:1`) ? ["e"] : []), ...(folder ? ["f"] : [])].join(
    "",
  );
}

const named = new Set([`${mine}`, earlier, elsewhere]);
afterAll(() => removeNamed(here, (name) => named.has(name)));

test("by the process that made it: killed, alive, of the same number, of another machine", async () => {
  const child = spawn("sleep", ["600"]);
  await once(child, "spawn");
  const left = `${nameOf(child.pid!)}n1`;
  named.add(left);
  for (const name of [left, mine, earlier, elsewhere]) make(name);
  sweep(here);
  expect([left, mine, earlier, elsewhere].map(there)).toEqual(["abcdef", "abcdef", "", "abcdef"]);
  child.kill("SIGKILL");
  await once(child, "exit");
  sweep(here);
  expect([left, mine, elsewhere].map(there)).toEqual(["", "abcdef", "abcdef"]);
});

test("while another run removes the same", async () => {
  const image = standInTag("images/redis");
  const names = Array.from({ length: 8 }, (_, n) => `${mine}-f-${n}`);
  for (const name of names) here.docker("run", "--detach", "--name", name, ...marked(mine), image);
  const other = spawn("docker", ["rm", "--force", "--volumes", ...names]);
  const gone = once(other, "exit");
  await setTimeout(150);
  removeNamed(here, (name) => name === mine);
  await gone;
  expect(here.docker("ps", "--all", "--quiet", "--filter", `name=${mine}-f-`)).toBe("");
});
