/** Who else can look for what a hand has changed: what they see of it is held beside `make drift`. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { provider } from "../../bench/lib/terraform.ts";
import { changesOf, nameOf, type Digest } from "../../operations/preview/changes.ts";
import { run, succeeded } from "../engine/host.ts";
import type { TestStack } from "../engine/stack.harness.ts";

/** What somebody sees by the name of the thing: in words, and as a text that differs whenever something else of it does. */
export type Seen = Map<string, { words: string[]; sign: string }>;

export interface Looker {
  name: string;
  /** Looks, and notes how long that took. */
  look: () => Seen;
  seconds: number[];
}

function looker(name: string, look: () => Seen): Looker {
  const seconds: number[] = [];
  const timed = () => {
    const begun = Date.now();
    const seen = look();
    seconds.push((Date.now() - begun) / 1_000);
    return seen;
  };
  return { name, look: timed, seconds };
}

export const REFRESHED = "pulumi preview --refresh";

export const refreshedPreview = (stack: TestStack): Looker =>
  looker(REFRESHED, () => {
    const { changes } = changesOf(JSON.parse(succeeded(stack.preview("--json", "--refresh"))) as Digest);
    // A Command that runs again because a container is made anew is no look at the host.
    const things = changes.filter(({ kind }) => kind !== "Command");
    return new Map(
      things.map((one) => [
        nameOf(one),
        { words: one.gone ? ["gone"] : one.drifted, sign: JSON.stringify([one.op, one.gone, one.drifted.map((key) => one.found?.[key])]) }, // prettier-ignore
      ]),
    );
  });

/** As text, lists in one order: a container's networks come in any. */
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    Array.isArray(inner)
      ? [...(inner as unknown[])].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : inner,
  ) ?? "";

const QUIET = ["-no-color", "-input=false"];

/** Part of `terraform show -json` of a plan. https://developer.hashicorp.com/terraform/internals/json-format */
interface Plan {
  resource_drift?: {
    name: string;
    change: { before: Record<string, unknown>; after: Record<string, unknown> | null };
  }[];
}

/**
 * Terraform, with the provider that the Docker plug-in is made of: the stack's containers, networks and volumes imported into a state
 * of its own, and what its plan finds changed outside of it. An image cannot be imported: the one whose tag is moved is applied, which finds
 * it there. Undefined: there is no Terraform, or no Go that builds the provider.
 */
export async function terraformPlan(
  stack: TestStack,
  image: string,
): Promise<(Looker & { remove: () => void }) | undefined> {
  const built = await provider();
  if (!built) return undefined;
  const cwd = mkdtempSync(join(tmpdir(), "terraform-"));
  const config = join(cwd, "terraform.rc");
  writeFileSync(
    config,
    `provider_installation {\n  dev_overrides { "kreuzwerker/docker" = "${built}" }\n  direct {}\n}\n`,
  );
  const environment = { TF_CLI_CONFIG_FILE: config, CHECKPOINT_DISABLE: "1" };
  const call = (...args: string[]) => succeeded(run("terraform", args, environment, cwd));
  const label = ["--filter", `label=robotoff-protea.stack=${stack.name}`];
  const listed = (...words: string[]) => {
    const lines = stack.docker(...words, ...label).split("\n");
    return lines.map((line) => line.split(" ") as [string, string]);
  };
  /** By type, each thing's name and what it is imported by. */
  const things: Record<string, [string, string][]> = {
    docker_container: [...stack.containers()],
    docker_network: listed("network", "ls", "--no-trunc", "--format", "{{.Name}} {{.ID}}"),
    docker_volume: listed("volume", "ls", "--format", "{{.Name}} {{.Name}}"),
  };
  const declared = ([type, all]: [string, [string, string][]]) => [
    type,
    Object.fromEntries(all.map(([name]) => [name, type === "docker_container" ? { name, image: "any" } : { name }])),
  ];
  const resource = {
    ...Object.fromEntries(Object.entries(things).map(declared)),
    docker_image: { frontend: { name: image, keep_locally: true } },
  } as object;
  const terraform = { required_providers: { docker: { source: "kreuzwerker/docker" } } };
  writeFileSync(join(cwd, "main.tf.json"), JSON.stringify({ terraform, resource }));
  // Its state alone is written: nothing of the stack is.
  for (const [type, all] of Object.entries(things))
    for (const [name, id] of all) call("import", ...QUIET, `${type}.${name}`, id);
  call("apply", "-auto-approve", ...QUIET, "-target=docker_image.frontend");
  const look = () => {
    call("plan", ...QUIET, "-out=plan");
    const { resource_drift: drift = [] } = JSON.parse(call("show", "-json", "plan")) as Plan;
    return new Map(
      drift.flatMap(({ name, change: { before, after } }) => {
        const keys = Object.keys(before).filter((key) => sorted(before[key]) !== sorted(after?.[key]));
        if (keys.length === 0) return [];
        return [[name, { words: after ? keys : ["gone"], sign: sorted(after) }] as const];
      }),
    );
  };
  return {
    ...looker("terraform plan", look),
    remove: () => [cwd, built].forEach((folder) => rmSync(folder, { recursive: true })),
  };
}
