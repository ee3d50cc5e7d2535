/**
 * `make rotate` for every secret of a stack that has them all, but for those that the engine tests change (engine/topics/rotation.ts,
 * engine/copy.test.ts) and Elasticsearch's, whose server here asks for none: all that had the old value have the new one, and nothing has the old.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EXEC } from "../../engines/docker/secrets.ts";
import { Elsewhere, PASSWORD, SERVER_PASSWORD } from "../engine/copy.harness.ts";
import { failed, here, run, succeeded } from "../engine/host.ts";
import { TestStack } from "../engine/stack.harness.ts";

/** Of what others give: the value that the stack begins with, and the next. */
const GIVEN: Record<string, [string, string]> = {
  "robotoff:offPassword": ["old off password, with blanks", "new off password, $(with) 'more'"],
  "robotoff:sentryDsn": ["https://old@sentry.invalid/1", "https://new@sentry.invalid/2"],
  "robotoff:influxdbAuthToken": ["old-influx-token", "new-influx-token=="],
  "robotoff:googleCredentials": ["b2xkIGdvb2dsZQ==", "bmV3IGdvb2dsZSBhY2NvdW50"],
  "robotoff:nutripatrolToken": ["old-nutripatrol-token", "new-nutripatrol-token"],
  "monitoring:mailPassword": ["old mail password", "new mail password"],
  "monitoring:slackUrl": ["https://hooks.slack.invalid/old-hook", "https://hooks.slack.invalid/new-hook"],
  "host:copyServerPassword": [SERVER_PASSWORD, "new-server-password"],
};
/** Of what is made up here. */
const MADE: Record<string, string> = {
  "robotoff:batchJobKey": "old-batch-job-key",
  "protea:jwtSecret": "old-jwt-secret-that-signs",
};

let stack: TestStack;
let elsewhere: Elsewhere;

beforeAll(async () => {
  stack = await TestStack.create(["robotoff", "protea", "monitoring"], here, true);
  elsewhere = await Elsewhere.start(`${stack.name}-elsewhere`, stack.marked);
  stack.config["host:backups"] = { directory: ".local/backups", copy: elsewhere.settings };
  stack.config["monitoring:receivers"] = {
    mail: { to: ["night@test.invalid"], from: "alerts@test.invalid", server: "mail.test.invalid:587", user: "alerts" },
    slack: { channel: "#night" },
  };
  stack.secret("host:copyPassword", PASSWORD);
  for (const [key, [value]] of Object.entries(GIVEN)) stack.secret(key, value);
  for (const [key, value] of Object.entries(MADE)) stack.secret(key, value);
  succeeded(stack.makeUp());
}, 900_000);

afterAll(() => stack.remove());

interface Inspected {
  Name: string;
  Mounts: { Source: string; Destination: string }[];
}

/** `CONTAINER VARIABLE` of each file of a secret with this value in it, on the host. */
function having(value: string): string[] {
  const inspected = JSON.parse(stack.docker("inspect", ...stack.containers().keys())) as Inspected[];
  return inspected
    .flatMap(({ Name, Mounts }) =>
      Mounts.filter(({ Destination }) => Destination === "/run/secrets").flatMap(({ Source }) =>
        readdirSync(Source)
          .filter((file) => readFileSync(join(Source, file), "utf8").includes(value))
          .map((file) => `${Name.slice(1)} ${file}`),
      ),
    )
    .sort();
}

/** Those of services: a job has ended. */
const running = (had: string[]) => {
  const names = stack.docker("ps", "--format", "{{.Names}}").split("\n");
  return had.map((one) => one.split(" ") as [string, string]).filter(([container]) => names.includes(container));
};

/** The variable of a container's first process. */
const variable = (container: string, name: string) =>
  stack.docker("exec", container, EXEC, "sh", "-c", `tr "\\0" "\\n" < /proc/1/environ | sed -n "s/^${name}=//p"`);

/** @param value of what others give */
function tryToRotate(key: string, value?: string) {
  const words = [join(stack.folder, "operations/rotate.ts"), "--stack", stack.name, "--secret", key, "--yes", "1"];
  const given = value === undefined ? {} : { NEW_SECRET: value };
  return run("node", words, { ...stack.environment, ...given }, stack.folder);
}

function rotate(key: string, value?: string): string {
  stack.secretsSet();
  const said = tryToRotate(key, value);
  if (value !== undefined) expect(said.text).not.toContain(value);
  delete stack.config[`${key}Next`];
  stack.secretsSet();
  return succeeded(said);
}

test("several values that others give are refused at once, and a value that not every program takes", () => {
  const [first, second] = Object.keys(GIVEN) as [string, string];
  expect(failed(tryToRotate(`${first} ${second}`))).toContain("one at a time");
  expect(failed(tryToRotate("robotoff:sentryDsn", "with blanks"))).toContain("nothing was changed: robotoff:sentryDsn");
  expect(stack.secretsSet().filter((key) => key.endsWith("Next"))).toEqual([]);
});

test.each(Object.entries(GIVEN))("%s", (key, [before, after]) => {
  const had = having(before);
  expect(had).not.toEqual([]);
  if (key === "host:copyServerPassword") elsewhere.letIn(after);
  const said = rotate(key, after);
  expect(having(after)).toEqual(had);
  expect(having(before)).toEqual([]);
  for (const one of had) expect(said).toContain(one.split(" ")[0]!);
  if (!key.startsWith("robotoff:")) return;
  expect(running(had)).not.toEqual([]);
  for (const [container, name] of running(had)) expect(variable(container, name)).toBe(after);
});

test.each(Object.entries(MADE))("%s", (key, before) => {
  const had = having(before);
  expect(had).not.toEqual([]);
  rotate(key);
  expect(having(before)).toEqual([]);
  expect(running(had)).not.toEqual([]);
  for (const [container, name] of running(had)) expect(variable(container, name)).toMatch(/^[0-9a-f]{32}$/);
});

test("afterwards a backup is made and copied, and all is as declared", () => {
  succeeded(stack.operation("backup"));
  expect(succeeded(stack.operation("status"))).toContain("all as declared");
  succeeded(stack.preview("--expect-no-changes"));
});
