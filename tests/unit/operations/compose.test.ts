// `make compose`: a file of each system that docker compose can read, and what has to be set before.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { composeFile } from "../../../engines/compose/file.ts";
import { Checkout } from "../support/checkout.ts";
import { committed } from "../support/stack.ts";

let checkout: Checkout;
beforeEach(() => (checkout = new Checkout()));
afterEach(() => checkout.remove());

const HEADER =
  "as Pulumi.local.yaml declares it, for docker compose. Made by make compose; change the stack file instead.";

test("a file of each system, in a folder that is made", async () => {
  expect(await checkout.operation("compose", "--out", "a/b")).toEqual({
    status: 0,
    stdout: ["robotoff", "protea"]
      .map((name) => `a/b/${name}.yaml: docker compose -f a/b/${name}.yaml up -d\n`)
      .join(""),
    stderr: "",
  });
  const text = readFileSync(join(checkout.folder, "a/b/protea.yaml"), "utf8");
  expect(text.split("\n").slice(0, 2)).toEqual([
    `# protea ${HEADER}`,
    "# Set before use, to values that may stand in a URL: " +
      "PROTEA_ADMIN_TOKEN, PROTEA_MINIO_PASSWORD, PROTEA_POSTGRES_PASSWORD, PROTEA_RABBITMQ_PASSWORD",
  ]);
  const { services } = composeFile(committed("local").systems[1]!);
  expect(Object.keys((parse(text) as { services: object }).services)).toEqual(Object.keys(services as object));
});

test("OUT=-: to standard output", async () => {
  const { stdout } = await checkout.operation("compose", "--system", "robotoff", "--out", "-");
  expect(stdout.startsWith(`# robotoff ${HEADER}\n`)).toBe(true);
  expect(checkout.all).toEqual([]);
});
