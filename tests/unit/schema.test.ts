/** config/stack-file.schema.json, which editors use. */
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { stackFileSchema } from "../../config/json-schema.ts";
import { fileValues, MINIMAL, STACKS } from "./support/stack.ts";

const checkedIn: unknown = JSON.parse(readFileSync("config/stack-file.schema.json", "utf8"));
// `examples` beside unions, and defaults, are for people.
const validate = new Ajv({ allErrors: true, strict: true, strictTypes: false, strictRequired: false }).compile(
  checkedIn as object,
);

/** Where and why a stack file is refused. */
function refusals(file: unknown): string[] {
  validate(file);
  return (validate.errors ?? [])
    .filter((error) => !["if", "allOf"].includes(error.keyword))
    .map((error) => `${error.instancePath || "/"} ${error.message} ${Object.values(error.params as object).join()}`);
}

test("the checked-in schema is what the zod schemas give (if not: npm run schema)", () => {
  expect(checkedIn).toEqual(JSON.parse(JSON.stringify(stackFileSchema())));
});

test.each(STACKS)("Pulumi.%s.yaml is accepted", (stack) => {
  expect(refusals(parse(readFileSync(`Pulumi.${stack}.yaml`, "utf8")))).toEqual([]);
});

test("what Pulumi writes itself is accepted: secrets, salt, provider, its own settings", () => {
  const config = { ...MINIMAL, "robotoff:postgresPassword": { secure: "AAABAGp1" }, "pulumi:tags": { a: "b" } };
  expect(refusals({ encryptionsalt: "v1:x", secretsprovider: "passphrase", environment: ["shared"], config })).toEqual(
    [],
  );
});

test("values as Pulumi writes them beside a secret are accepted: true as a text, 6 as a text", () => {
  const [whole, broken] = [{ ...MINIMAL, "robotoff:fasttext": "true", "robotoff:highPriorityQueues": "6" }, "6.5"];
  expect(refusals({ config: whole })).toEqual([]);
  expect(refusals({ config: { ...whole, "robotoff:highPriorityQueues": broken } })).toEqual([
    '/config/robotoff:highPriorityQueues must match pattern "^-?[0-9]+$" ^-?[0-9]+$',
  ]);
});

const STAGING = fileValues("Pulumi.staging.yaml");
test.each<[string, object, string[]]>([
  [
    "an unknown key of a namespace",
    { "robotoff:exporter": true },
    ["/config must NOT have additional properties robotoff:exporter"],
  ],
  [
    "an unknown key within",
    { "robotoff:services": { api: { memroy: "1g" } } },
    ["/config/robotoff:services/api must NOT have additional properties memroy"],
  ],
  ["a secret in clear", { "protea:minioPassword": "hunter2" }, ["/config/protea:minioPassword must be object object"]],
  [
    "a wrong type",
    { "robotoff:fasttext": "yes" },
    ['/config/robotoff:fasttext must match pattern "^(true|false)$" ^(true|false)$'],
  ],
])("%s is refused", (_, change, expected) => {
  expect(refusals({ config: { ...STAGING, ...change } })).toEqual(expected);
});

test("an unknown key beside config is refused", () => {
  expect(refusals({ config: MINIMAL, encryptionSalt: "v1:x" })).toEqual([
    "/ must NOT have additional properties encryptionSalt",
  ]);
});

test.each(["12x", "half a gigabyte"])("the size %s is refused", (memory) => {
  expect(validate({ config: { ...MINIMAL, "robotoff:services": { api: { memory } } } })).toBe(false);
});

test("a system's images are required, unless it is disabled", () => {
  const { "protea:images": _, ...robotoffAlone } = MINIMAL;
  expect(refusals({ config: robotoffAlone })).toEqual([
    "/config must have required property 'protea:images' protea:images",
  ]);
  expect(refusals({ config: { ...robotoffAlone, "protea:enabled": false } })).toEqual([]);
});
