/** renovate.json finds every image that a stack file names, and nothing else. Its regular expressions are RE2's: no look-around. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { STACKS } from "./support/stack.ts";

interface Manager {
  managerFilePatterns: string[];
  matchStrings: [string, string, string];
}
const { customManagers } = JSON.parse(readFileSync("renovate.json", "utf8")) as { customManagers: [Manager] };
const [{ managerFilePatterns, matchStrings }] = customManagers;

/** As matchStringsStrategy "recursive" reads them: each is tried on what the one before it found. */
function found(text: string): Record<string, string | undefined>[] {
  const [map, line, image] = matchStrings.map((source) => new RegExp(source, "g"));
  return [...text.matchAll(map!)]
    .flatMap(([lines]) => [...lines.matchAll(line!)])
    .flatMap(([one]) => [...one.matchAll(image!)])
    .map(({ groups }) => ({ ...groups }));
}

const DIGEST = `sha256:${"0a".repeat(32)}`;
const file = (stack: string) => readFileSync(`Pulumi.${stack}.yaml`, "utf8");

/** The images that a stack file names, as it has them. */
function named(text: string): string[] {
  const { config } = parse(text) as { config: Record<string, Record<string, unknown> | undefined> };
  return ["robotoff:images", "protea:images", "monitoring:images"].flatMap((key) =>
    Object.values(config[key] ?? {}).filter((image) => typeof image === "string"),
  );
}

test.each(STACKS)("every image of Pulumi.%s.yaml", (stack) => {
  const whole = found(file(stack)).map(({ depName, currentValue }) => `${depName}:${currentValue}`);
  expect(whole).toEqual(named(file(stack)));
  expect(managerFilePatterns.map((pattern) => new RegExp(pattern.slice(1, -1)).test(`Pulumi.${stack}.yaml`))).toEqual([
    true,
  ]);
});

test("there are some, and with digests they are found as well", () => {
  const images = named(file("staging"));
  expect(images.length).toBeGreaterThan(3);
  const pinned = images.reduce((text, image) => text.replace(image, `${image}@${DIGEST}`), file("staging"));
  expect(found(pinned)).toEqual(found(file("staging")).map((one) => ({ ...one, currentDigest: DIGEST })));
});

test("no expression looks around", () => {
  expect(matchStrings.join("\n")).not.toMatch(/\(\?<?[=!]|\\\d/);
});
