// One image: pulled from upstream where that can be done, else built from its folder.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bases, type Image } from "../catalogue.ts";
import { cached, cacheFolder, docker, run, StepError } from "./run.ts";
import { contentHash } from "./tag.ts";

/** Marks what was built here; an image that was pulled does not carry it. */
export const label = "org.opencontainers.image.vendor=robotoff-protea stand-in";
const certificates = "/etc/ssl/certs/ca-certificates.crt";

/** What the engine says when a registry (or a mirror of it) did answer, but not with this image. */
const REFUSED = /manifest unknown|no matching manifest|pull access denied|toomanyrequests/;
/** Set by the first pull that no registry answered: an engine without network would try in vain for every image. */
let unreachable = false;

function pulled(official: string, tag: string, log: string): boolean {
  if (unreachable) return false;
  try {
    run(log, "docker", ["pull", official]);
    run(log, "docker", ["tag", official, tag]);
    return true;
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    unreachable = !REFUSED.test(error.message);
    return false; // the log has the reason; the recipe gives the same service
  }
}

/** The tag of the Debian base `suite`, made when it is missing. Named by its own recipe alone: a change elsewhere keeps it. */
function base(root: string, suite: string, log: string): string {
  const hash = contentHash(root, "images/common/base");
  const tag = `robotoff-protea/base-${suite}:${hash}`;
  if (docker("image", "ls", "-q", tag) || pulled(bases[suite]!, tag, log)) return tag;
  const script = join(root, "images/common/base/build.sh");
  const folder = cached(`base-${suite}-${hash}`, (out) => run(log, script, [out, suite]));
  const settings = ['CMD ["bash"]', "ENV LANG=C.UTF-8", `LABEL ${label.replace(/=(.*)/, '="$1"')}`];
  run(log, "docker", ["import", ...settings.flatMap((line) => ["--change", line]), join(folder, "rootfs.tar"), tag]);
  removeOld(`base-${suite}`, tag);
  return tag;
}

/** Lays out what the Dockerfile sees: its own folder, common/ without the recipes for artefacts, and artefacts/NAME/. */
function context(root: string, name: string, artefacts: string[], log: string): string {
  mkdirSync(cacheFolder, { recursive: true });
  const stage = mkdtempSync(join(cacheFolder, "context-"));
  const skipped = new Set(["artefacts", "base", "go.sh", "need.sh"].map((entry) => join(root, "images/common", entry)));
  cpSync(join(root, "images", name), stage, { recursive: true });
  cpSync(join(root, "images/common"), join(stage, "common"), { recursive: true, filter: (path) => !skipped.has(path) });
  for (const artefact of artefacts) {
    const own = `images/${name}/artefacts/${artefact}`;
    const recipe = existsSync(join(root, own)) ? own : `images/common/artefacts/${artefact}`;
    const key = `${artefact}-${process.arch}-${contentHash(root, recipe)}`;
    const made = cached(key, (out) => run(log, join(root, recipe, "build.sh"), [out]));
    cpSync(made, join(stage, "artefacts", artefact), { recursive: true });
  }
  return stage;
}

/** Makes sure that `tag` exists, and says how it came to be. Throws a StepError. */
export function make(root: string, name: string, image: Image, tag: string, log: string): "pulled" | "built" {
  if (image.official && pulled(image.official, tag, log)) return "pulled";
  const file = join(root, "images", name, "Dockerfile");
  if (!existsSync(file)) throw new StepError(`there is no ${file}`);
  const recipe = readFileSync(file, "utf8");
  const args = Object.keys(bases)
    .filter((suite) => recipe.includes(`ARG ${suite.toUpperCase()}\n`))
    .flatMap((suite) => ["--build-arg", `${suite.toUpperCase()}=${base(root, suite, log)}`]);
  const stage = context(root, name, image.artefacts ?? [], log);
  try {
    // pip and npm inside a build need the certificates that this machine trusts; a secret does not end up in a layer.
    if (existsSync(certificates)) args.push("--secret", `id=ca,src=${certificates}`);
    run(log, "docker", ["build", "--progress=plain", "--label", label, "--tag", tag, ...args, stage]);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
  return "built";
}

/** Removes this image's tags of earlier recipes, unless a container still uses them. Never forced, never what others made. */
export function removeOld(name: string, current: string): void {
  const used = new Set(docker("ps", "--all", "--format", "{{.Image}}").split("\n"));
  const found = docker(
    "image",
    "ls",
    "--filter",
    `label=${label}`,
    "--format",
    "{{.Repository}}:{{.Tag}}",
    `robotoff-protea/${name}`,
  );
  for (const tag of found.split("\n").filter((line) => line && line !== current && !used.has(line)))
    spawnSync("docker", ["rmi", tag]); // refused by the engine when something came to use it meanwhile: then it stays
}
