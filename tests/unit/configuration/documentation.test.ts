/** docs/configuration.md: its examples work, and its table has every key. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { serviceSettings } from "../../../config/fields.ts";
import { namespaces } from "../../../config/read.ts";
import { hostSecrets, monitoringSecrets, proteaSecrets, robotoffSecrets } from "../../../config/secrets.ts";
import { fileValues, problemsOf, type Values } from "../support/stack.ts";

const text = readFileSync("docs/configuration.md", "utf8");
const examples = [...text.matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1]!);

test("there are examples", () => {
  expect(examples.length).toBeGreaterThan(5);
});

test.each(examples)("example %# is right in a staging stack", (example) => {
  expect(
    problemsOf({ ...fileValues("Pulumi.staging.yaml"), ...WITHOUT_FASTTEXT, ...(parse(example) as Values) }),
  ).toEqual([]);
});

test.each([
  ...Object.entries(namespaces).map(([name, schema]) => [`\`${name}\``, Object.keys(schema.shape)] as const),
  ["a service", Object.keys(serviceSettings.shape)] as const,
])("the table has every key of %s", (name, keys) => {
  const row = text.split("\n").find((line) => line.startsWith(`| ${name} |`));
  const named = [
    ...row!
      .split("|")[2]!
      .replace(/\([^)]*\)/g, "")
      .matchAll(/`([^`]+)`/g),
  ].map((match) => match[1]);
  expect(named).toEqual(keys);
});

test("the table says of every secret what it may be made of", () => {
  const said = [...text.matchAll(/^\| (`\w+:.*`) +\| (.*?) +\|$/gm)].flatMap(([, keys, expected]) =>
    keys!.split(", ").map((key) => `${key.replaceAll("`", "")}: ${expected}`),
  );
  const secrets = [...hostSecrets({}), ...robotoffSecrets(true, true), ...proteaSecrets(true), ...monitoringSecrets()];
  expect(said.sort()).toEqual(secrets.map(({ key, form }) => `${key}: ${form.expected}`).sort());
});

/** An example that gives images gives those it is about. */
const WITHOUT_FASTTEXT: Values = { "robotoff:fasttext": false };
