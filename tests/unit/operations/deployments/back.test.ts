/** The way back: the stack file's text, images that are not there, what it does, and migrations in between. */
import { stringify } from "yaml";
import { containerArguments } from "../../../../engines/docker/container-args.ts";
import {
  chosen,
  declaredBy,
  differences,
  effects,
  migratedSince,
  missingOf,
  namesOf,
  textBack,
  volumesLost,
  wayOut,
} from "../../../../operations/deployments/back.ts";
import type { Deployed, DeployedContainer, Deployment } from "../../../../operations/deployments/record.ts";
import { describeStack } from "../../../../systems/stack.ts";
import { MINIMAL, raw, type Values } from "../../support/stack.ts";

const DIGEST = `sha256:${"d".repeat(64)}`;
const file = (more: Values = {}) => stringify({ config: { ...MINIMAL, ...more } });

/** All containers of a stack file, as an up leaves them; of each image the content that a test says. */
function running(more: Values = {}, change: (image: string) => Partial<DeployedContainer> = () => ({})): Deployed {
  const { systems, name } = describeStack(raw({ ...MINIMAL, ...more }));
  const containers = systems.flatMap((system) =>
    system.services.flatMap((service) => {
      const { name: own, labels } = containerArguments(system, service, 1, name, true);
      const config = labels["com.docker.compose.config-hash"]!;
      const { image } = service;
      return service.replicas > 0 ? [[own, { id: own, image, imageId: `of ${image}`, config, ...change(image) }]] : [];
    }),
  );
  return { file: file(more), containers: Object.fromEntries(containers) as Deployed["containers"] };
}
const deployment = (stamp: string, what = running(), more: Partial<Deployment> = {}): Deployment => ({
  ...{ stamp, by: "off@laptop", changed: false },
  ...what,
  ...more,
});
/** What names mean on the host. */
const means = (...names: [string, string][]) => new Map<string, string | undefined>(names);
const everything = ({ containers }: Deployed) =>
  means(...Object.values(containers).map(({ image, imageId }): [string, string] => [image, imageId]));

const ROBOTOFF = "example/robotoff:1";
const withDigest = running({}, (image) => (image === ROBOTOFF ? { digest: DIGEST } : {}));

test("what the host is asked for: names, and those by digest", () => {
  expect(new Set(namesOf(withDigest))).toContain(`${ROBOTOFF}@${DIGEST}`);
  expect(namesOf(running())).toEqual(Object.values(running().containers).map(({ image }) => image));
});

describe("the text", () => {
  const now = file({ "robotoff:images": { robotoff: "example/robotoff:2" }, "robotoff:tld": "org" });

  test("is that of then where every name means what it meant", () => {
    expect(textBack("test", deployment("1", withDigest), now, everything(withDigest))).toBe(withDigest.file);
  });

  test.each([
    ["means something else now, and the content is here by its digest", `of ${ROBOTOFF}`, "here"],
    ["is gone: by its digest it can be pulled", undefined, "pull"],
  ])("where a name %s", (_what, byDigest, how) => {
    const there = everything(withDigest).set(ROBOTOFF, "of another");
    there.set(`${ROBOTOFF}@${DIGEST}`, byDigest);
    expect(textBack("test", deployment("1", withDigest), now, there)).toBe(
      withDigest.file.replace(ROBOTOFF, `${ROBOTOFF}@${DIGEST}`),
    );
    expect(missingOf(withDigest, there)).toEqual({ pull: how === "pull" ? [`${ROBOTOFF}@${DIGEST}`] : [], gone: [] });
  });

  test("of an image that the file left to its default, which has changed since", () => {
    const then = running({}, (image) => (image === "redis:7.0.5-alpine" ? { image: "redis:6", imageId: "six" } : {}));
    const back = textBack("test", deployment("1", then), now, everything(then));
    expect(back).toBe(then.file.replace(`robotoff: ${ROBOTOFF}\n`, `robotoff: ${ROBOTOFF}\n    redis: redis:6\n`));
  });

  test("of an image that set-up made of another content of its folder", () => {
    const old = "robotoff-protea/redis:0123456789ab";
    const settings = { "robotoff:images": { robotoff: ROBOTOFF, redis: { build: "images/redis" } } };
    const then = running(settings, (image) => (image.startsWith("robotoff-protea/redis:") ? { image: old } : {}));
    expect(textBack("test", deployment("1", then), now, everything(then))).toBe(
      then.file.replace(/redis:\n +build: images\/redis/, `redis:\n      ${old}`),
    );
  });

  test("through a mirror, of now as of then", () => {
    const mirror = { "host:registry": "harbor.example.org/mirror" };
    const below = `harbor.example.org/mirror/docker.io/${ROBOTOFF}`;
    const then = running(mirror, (image) => (image === below ? { digest: DIGEST } : {}));
    const there = everything(then).set(below, "of another");
    expect(textBack("test", deployment("1", then), file({ ...mirror, "robotoff:tld": "org" }), there)).toBe(
      file(mirror).replace(`robotoff: ${ROBOTOFF}`, `robotoff: ${ROBOTOFF}@${DIGEST}`),
    );
    // One that the file left to its default, which has changed since: with the mirror's name it would go through it twice.
    const redis = "harbor.example.org/mirror/docker.io/library/redis";
    const older = running(mirror, (image) => (image === `${redis}:7.0.5-alpine` ? { image: `${redis}:6` } : {}));
    expect(textBack("test", deployment("1", older), file(mirror), everything(older))).toBe(
      file(mirror).replace(`robotoff: ${ROBOTOFF}\n`, `robotoff: ${ROBOTOFF}\n    redis: docker.io/library/redis:6\n`),
    );
  });
});

test("an image that no registry has, and that is not here, is gone; the way out", () => {
  expect(missingOf(running(), everything(running()).set(ROBOTOFF, undefined))).toEqual({ pull: [], gone: [ROBOTOFF] });
  expect(wayOut(ROBOTOFF, undefined)).toContain("docker load");
  expect(wayOut("robotoff-protea/redis:0a", "0123456789abcdef")).toContain("git worktree add ../then 0123456789ab");
});

test("the settings that differ, but no secret", () => {
  const one = stringify({ config: { "a:b": { c: 1, d: [1] }, "a:e": "x", "a:s": { secure: "1" } } });
  const two = stringify({ config: { "a:b": { c: 2, d: [1] }, "a:f": true, "a:s": { secure: "2" } } });
  expect(differences(one, two)).toEqual(["a:b.c: 1 -> 2", 'a:e: "x" -> default', "a:f: default -> true"]);
});

test("what it does to containers: made anew for their image or their settings, come, go; all others stay", () => {
  const target = running({ "robotoff:exporters": true }, (image) =>
    image === "redis:7.0.5-alpine" ? { imageId: "other" } : {},
  );
  const now = running({ "robotoff:tld": "org", "robotoff:workers": [{ name: "extra", queues: ["q"] }] });
  const { anew, come, go } = effects(declaredBy("test", target.file), target, now.containers);
  expect(anew).toEqual(expect.arrayContaining(["robotoff_redis_1", "robotoff_api_1"]));
  expect(anew.filter((name) => name.startsWith("protea"))).toEqual([]);
  expect(anew).not.toContain("robotoff_postgres_1");
  expect(come).toEqual(expect.arrayContaining(["robotoff_statsd_1", "robotoff_postgres-exporter_1"]));
  expect(go).toEqual(["robotoff_extra-1_1"]);
});

test("a volume that was not declared then would go with its data; one that is external now, or was then, does not", () => {
  const systems = (volumes: object, name = "test") =>
    declaredBy(name, file({ "robotoff:volumes": volumes, "robotoff:services": { api: { volumes: ["exports:/x"] } } }))
      .systems;
  const [own, other] = [systems({ exports: {} }), systems({ exports: { external: true, name: "elsewhere" } })];
  expect(volumesLost(own, own)).toEqual([]);
  expect(volumesLost(own, other)).toEqual(["robotoff_exports"]);
  expect(volumesLost(own, systems({ exports: { external: true } }))).toEqual([]);
  expect(volumesLost(other, own)).toEqual([]);
});

test("a migration between: its job was another one, at any time since", () => {
  const { systems } = describeStack(raw(MINIMAL));
  const newer = running({}, (image) => (image === ROBOTOFF ? { imageId: "newer" } : {}));
  expect(migratedSince(systems, running(), [running(), running()])).toEqual([]);
  expect(migratedSince(systems, running(), [newer])).toEqual(["robotoff"]);
  expect(migratedSince(systems, running(), [newer, running()])).toEqual(["robotoff"]);
  expect(migratedSince(systems, newer, [running({ "protea:environment": { A: "b" } })])).toEqual([
    "robotoff",
    "protea",
  ]);
  // Only the applications' settings.
  expect(
    migratedSince(systems, running(), [running({ "robotoff:services": { api: { environment: { A: "b" } } } })]),
  ).toEqual([]);
  expect(migratedSince(systems, { file: "", containers: {} }, [newer])).toEqual([]);
});

test("which one: the one that is named, or the newest that is another", () => {
  const all = [deployment("3"), deployment("2"), deployment("1")];
  expect(chosen(all, "1", () => true).stamp).toBe("1");
  expect(chosen(all, undefined, ({ stamp }) => stamp !== "3").stamp).toBe("2");
  expect(() => chosen(all, "0", () => true)).toThrow("found TO=0, expected one of the last deployments: 3, 2, 1");
  expect(() => chosen([], undefined, () => true)).toThrow("there is no earlier deployment to go back to (known: none)");
});
