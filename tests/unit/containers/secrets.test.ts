// What of a service's secrets stands where.
import {
  entrypointOf, folderName, plainVariables, secretFiles, secretKeys, secretLine, secretServices, secretVariables,
} from "../../../engines/docker/secrets.ts"; // prettier-ignore
import { serviceSpec } from "../../../systems/service-spec.ts";
import { committed, STACKS } from "../support/stack.ts";

const api = serviceSpec({
  name: "api",
  image: "api:1",
  entrypoint: ["/start"],
  command: ["serve"],
  environment: {
    PORT: "80",
    DB_URL: ["postgresql://user:", { secret: "protea:postgresPassword", encode: "url" }, "@postgres/db"],
    ADMIN: { secret: "protea:adminToken" },
  },
});
const VERSIONS = { "protea:postgresPassword": "1", "protea:adminToken": "1" };

test("as variables: a shell reads them before the image's own entrypoint", () => {
  expect(plainVariables(api)).toEqual({ PORT: "80" });
  expect(entrypointOf(api)).toEqual(["/run/secrets/exec", "/start"]);
  expect(entrypointOf({ ...api, entrypoint: undefined })).toEqual(["/run/secrets/exec"]);
  expect(secretVariables(api).map(([name]) => name)).toEqual(["ADMIN", "DB_URL"]);
});

test("as files: a variable names each, sorted, and the entrypoint is as declared", () => {
  const files = { ...api, secrets: "files" as const };
  expect(Object.entries(plainVariables(files))).toEqual([
    ["ADMIN_FILE", "/run/secrets/ADMIN"],
    ["DB_URL_FILE", "/run/secrets/DB_URL"],
    ["PORT", "80"],
  ]);
  expect(entrypointOf(files)).toEqual(["/start"]);
});

test("without any, the image's own entrypoint and command", () => {
  const plain = { ...api, environment: { PORT: "80" }, entrypoint: undefined, command: undefined };
  expect(entrypointOf(plain)).toBeUndefined();
});

test("an image's command that would be lost is refused", () => {
  expect(() =>
    entrypointOf({ ...api, path: "protea:services.api", entrypoint: undefined, command: undefined }),
  ).toThrow("protea:services.api: it gets secrets as variables, so its command has to be declared");
});

test("a folder is another for another value, text, variable or reader, and tells of none", () => {
  const name = folderName(api, VERSIONS, "x");
  expect(name).toMatch(/^api-[0-9a-f]{12}$/);
  expect(folderName({ ...api, image: "api:2" }, VERSIONS, "x")).toBe(name);
  const others = [
    folderName(api, { ...VERSIONS, "protea:adminToken": "2" }, "x"),
    folderName(api, VERSIONS, "y"),
    folderName(
      { ...api, environment: { ...api.environment, ADMIN: ["x", { secret: "protea:adminToken" }] } },
      VERSIONS,
      "x",
    ),
    folderName({ ...api, environment: { ...api.environment, MORE: { secret: "protea:adminToken" } } }, VERSIONS, "x"),
  ];
  expect(new Set([name, ...others]).size).toBe(5);
});

test("each key once", () => {
  expect(secretKeys([...Object.values(api.environment), { secret: "protea:adminToken" }])).toEqual([
    "protea:adminToken",
    "protea:postgresPassword",
  ]);
});

test("lines are read back as they were written", () => {
  const text = ` "$(x)" 'y' %41 \\n `;
  const lines = [secretLine("api-1", "A", text), secretLine("api-1", "B", "b")].join("");
  expect([...secretFiles(lines)]).toEqual([
    ["api-1/A", text],
    ["api-1/B", "b"],
  ]);
});

test.each(STACKS)("%s: every service with secrets has a folder, and one without containers none", (stack) => {
  for (const system of committed(stack).systems) {
    const names = secretServices(system).map(({ name }) => name);
    const having = system.services.filter(({ environment }) => JSON.stringify(environment).includes('{"secret":'));
    expect(names).toEqual(having.filter(({ replicas }) => replicas > 0).map(({ name }) => name));
    expect(names).toContain("postgres");
    expect(secretServices({ ...system, services: having.map((one) => ({ ...one, replicas: 0 })) })).toEqual([]);
  }
});
