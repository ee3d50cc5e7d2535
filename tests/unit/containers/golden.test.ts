/**
 * Whole container arguments of every service of every committed stack, compared with a file that is reviewed with
 * the change that caused it. `npm run unit:golden` writes them anew.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { containersOf, render } from "../support/containers.ts";
import { committed, STACKS } from "../support/stack.ts";

/** Variables whose names look sensitive and whose values are not: a user name, addresses without credentials. */
const IN_CLEAR = ["IMAGE_MODERATION_SERVICE_URL", "NEXT_PUBLIC_API_URL", "PROTEA_API_URL", "PROTEA_MINIO_ACCESS_KEY"];

describe.each(STACKS)("%s", (stack) => {
  const containers = containersOf(committed(stack), stack);

  test("every argument of every container is as reviewed", () => {
    const file = `tests/unit/containers/${stack}.yaml`;
    const rendered = render(containers);
    if (process.env.WRITE_GOLDEN === "1") writeFileSync(file, rendered);
    expect(rendered).toBe(readFileSync(file, "utf8"));
  });

  test("passwords, tokens and keys are references to secrets", () => {
    const sensitive = Object.entries(containers).flatMap(([name, { environment }]) =>
      Object.entries(environment)
        .filter(([variable]) => /PASS|TOKEN|SECRET|DSN|CREDENTIALS|_KEY$|URL$|MC_HOST|DATA_SOURCE/.test(variable))
        .map(([variable, value]) => ({ name, variable, value })),
    );
    expect(sensitive.length).toBeGreaterThan(20);
    const inClear = sensitive.filter(({ value }) => !/\$\{[a-z]+:[A-Za-z]+(\|url)?\}/.test(value));
    expect(inClear.filter(({ variable }) => !IN_CLEAR.includes(variable))).toEqual([]);
  });

  test("container names are unique", () => {
    const names = committed(stack).systems.flatMap((system) => system.services.flatMap((s) => s.replicas));
    expect(Object.keys(containers)).toHaveLength(names.reduce((sum, replicas) => sum + replicas, 0));
  });
});
