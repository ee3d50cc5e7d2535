// The walls between the rooms (docs/decisions/rooms.md), as ESLint's configuration of this checkout holds them.
import { execFileSync } from "node:child_process";

/** An import or a use, from which file, and whether it is refused. */
const CASES: [string, string, boolean][] = [
  ["config/read.ts", 'import { containerName } from "../systems/spec.ts";', true],
  ["systems/stack.ts", 'import { readSettings } from "../config/read.ts";', false],
  ["systems/stack.ts", 'import * as pulumi from "@pulumi/pulumi";', true],
  ["systems/protea/system.ts", 'import { script } from "../../hosts/scripts.ts";', true],
  ["engines/docker/labels.ts", 'import { script } from "../../hosts/scripts.ts";', true],
  ["engines/docker/labels.ts", 'import { networkName } from "../../systems/spec.ts";', false],
  ["hosts/checks.ts", 'import { Host } from "../components/host.ts";', true],
  ["hosts/checks.ts", 'import { show } from "../operations/up.ts";', true],
  ["backups/parts.ts", 'import { Host } from "../components/host.ts";', true],
  ["components/system.ts", 'import { script } from "../hosts/scripts.ts";', false],
  ["components/system.ts", 'import { readStack } from "../operations/stack.ts";', true],
  ["components/system.ts", 'import * as pulumi from "@pulumi/pulumi"; pulumi.secret("x");', false],
  ["components/system.ts", 'import * as pulumi from "@pulumi/pulumi"; pulumi.getStack();', true],
  ["components/system.ts", 'import { Config } from "@pulumi/pulumi";', true],
  ["components/system.ts", 'import { getStack } from "@pulumi/pulumi";', true],
  ["operations/up.ts", 'import { Host } from "../components/host.ts";', true],
  ["operations/up.ts", 'import * as docker from "@pulumi/docker";', true],
  ["images/builder/run.ts", 'import { docker } from "../../hosts/docker.ts";', true],
  ["index.ts", 'import * as pulumi from "@pulumi/pulumi"; pulumi.getStack();', false],
];

/** By the rules of these names alone: without types, which a text that is in no file would not have. */
const LINT = `
  import { ESLint, Linter } from "eslint";
  const eslint = new ESLint(), linter = new Linter(), refused = [];
  for (const [file, text] of JSON.parse(process.argv[1])) {
    const { rules } = await eslint.calculateConfigForFile(file);
    const walls = Object.fromEntries(Object.entries(rules).filter(([name]) => name.startsWith("no-restricted-")));
    refused.push(linter.verify(text, [{ rules: walls }]).length > 0);
  }
  console.log(JSON.stringify(refused));
`;

test("who may know whom", () => {
  const args = ["--input-type=module", "--eval", LINT, JSON.stringify(CASES)];
  const refused = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as boolean[];
  expect(CASES.map(([file, text], at) => [file, text, refused[at]])).toEqual(CASES);
});
