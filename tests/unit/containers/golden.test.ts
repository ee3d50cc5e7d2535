/**
 * Whole container arguments of every service of every committed stack, compared with a file that is reviewed with
 * the change that caused it. `npm run unit:golden` writes them anew.
 */
import { containersOf, render } from "../support/containers.ts";
import { expectGolden } from "../support/golden.ts";
import { committed, STACKS } from "../support/stack.ts";

describe.each(STACKS)("%s", (stack) => {
  // Within each test: what is described beside them, no test would be seen to pass through (docs/testing.md, mutants).
  const described = () => containersOf(committed(stack), stack);

  test("every argument of every container is as reviewed", () => {
    expectGolden(render(described()), `tests/unit/containers/${stack}.yaml`);
  });

  test("passwords, tokens and keys are no variables but files, references to secrets alone and within URLs", () => {
    const of = (kind: "environment" | "secrets") =>
      Object.entries(described()).flatMap(([name, given]) =>
        Object.entries(given[kind] ?? {}).map(([variable, value]) => ({ name, variable, value })),
      );
    const sensitive = of("environment").filter(
      ({ variable, value }) => /PASS|TOKEN|SECRET|DSN|CREDENTIALS|_KEY$/.test(variable) || /:\/\/[^/]*@/.test(value),
    );
    const inClear = sensitive.filter(
      ({ variable, value }) => value !== `/run/secrets/${variable.replace(/_FILE$/, "")}`,
    );
    // The access key is the user's name, the other a path.
    const harmless = ["PROTEA_MINIO_ACCESS_KEY", "GOOGLE_APPLICATION_CREDENTIALS"];
    expect(inClear.filter(({ variable }) => !harmless.includes(variable))).toEqual([]);
    const files = of("secrets");
    expect(files.length).toBeGreaterThan(20);
    expect(files.filter(({ value }) => !/\$\{[a-z]+:[A-Za-z]+(\|url)?\}/.test(value))).toEqual([]);
  });

  test("container names are unique", () => {
    const names = committed(stack).systems.flatMap((system) => system.services.flatMap((s) => s.replicas));
    expect(Object.keys(described())).toHaveLength(names.reduce((sum, replicas) => sum + replicas, 0));
  });
});
