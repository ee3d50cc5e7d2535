/** Deployments as a host keeps them: a file each, in a folder of the stack; none is ever removed. */
import { spawnSync } from "node:child_process";
import { hostname, userInfo } from "node:os";
import type { HostSettings } from "../../config/host.ts";
import type { Inspected } from "../../engines/docker/inspect.ts";
import { quote } from "../../hosts/connection.ts";
import { dockerOutput } from "../../hosts/docker.ts";
import { succeeds } from "../../hosts/run.ts";
import { containerNames } from "../../systems/spec.ts";
import type { Stack } from "../../systems/stack.ts";
import { readStackFile } from "../stack.ts";
import { deployed, same, withDigests, type Deployed, type Deployment } from "./record.ts";

const FOLDER = '"$HOME"/.local/share/robotoff-protea/deployments';

/** How many are shown. */
const SHOWN = 20;

/** To how many one can go back. Their images stay, and so do those of the newest. */
export const BACK = 5;

function parsed(lines: string): Deployment[] {
  try {
    const each = lines.split("\n").filter(Boolean);
    return each.map((line) => JSON.parse(line) as Deployment);
  } catch (error) {
    throw new Error(`a file in the host's ${FOLDER} is no deployment; move it away: ${(error as Error).message}`);
  }
}

/** The newest deployments of a stack, the newest first. */
export function deploymentsOf(host: HostSettings, stack: string): Deployment[] {
  const folder = `${FOLDER}/${quote(stack)}`;
  const line = `[ -d ${folder} ] || exit 0; cd ${folder} && ls | tail -n ${SHOWN} | xargs -r cat`;
  return parsed(succeeds(host, line)).reverse();
}

/** The images, by their contents, of those of every stack of the host that one may go back to. */
export function imagesToGoBackTo(host: HostSettings): Set<string> {
  const line =
    `[ -d ${FOLDER} ] || exit 0; cd ${FOLDER} && for stack in */; do ` +
    `[ ! -d "$stack" ] || (cd "$stack" && ls | tail -n ${BACK + 1} | xargs -r cat) || exit; done`;
  return new Set(
    parsed(succeeds(host, line)).flatMap(({ containers }) => Object.values(containers).map(({ imageId }) => imageId)),
  );
}

/** The digests by which registries know images of the host. */
function repoDigests(host: HostSettings, ids: string[]): Map<string, string[]> {
  const format = "{{.Id}} {{json .RepoDigests}}";
  const lines = dockerOutput(host, ["image", "inspect", "--format", format, ...new Set(ids)]).split("\n");
  return new Map(
    lines.filter(Boolean).map((line) => {
      const [id, digests] = line.split(" ") as [string, string];
      return [id, (JSON.parse(digests) ?? []) as string[]];
    }),
  );
}

const git = (...args: string[]) => spawnSync("git", args, { encoding: "utf8" });

/** Of the program: the commit, and whether anything differs from it. */
function program(): Pick<Deployment, "commit" | "changed"> {
  const { status, stdout } = git("rev-parse", "HEAD");
  if (status !== 0) return { changed: false };
  return { commit: stdout.trim(), changed: git("status", "--porcelain", "--untracked-files=no").stdout !== "" };
}

/**
 * Keeps what an `up` has deployed, unless that is what was there before. A failure is told and no more: what was deployed is.
 * @param inspected of the systems that were brought up
 */
export function keepDeployment(stack: Stack, inspected: Inspected[]): void {
  try {
    const [last] = deploymentsOf(stack.host, stack.name);
    const declared = new Set(stack.systems.flatMap(containerNames));
    const before = Object.entries(last?.containers ?? {}).filter(([name]) => declared.has(name));
    const now: Deployed = deployed(readStackFile(stack.name), inspected, Object.fromEntries(before));
    if (last && same(last, now)) return;
    const ids = Object.values(now.containers).map(({ imageId }) => imageId);
    const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
    const by = `${userInfo().username}@${hostname()}`;
    const kept: Deployment = { stamp, by, ...program(), ...withDigests(now, repoDigests(stack.host, ids)) };
    const folder = `${FOLDER}/${quote(stack.name)}`;
    const line = `umask 077 && mkdir -p ${folder} && cat > ${folder}/.new.$$ && mv ${folder}/.new.$$ ${folder}/${stamp}.json`;
    succeeds(stack.host, line, `${JSON.stringify(kept)}\n`);
  } catch (error) {
    console.error(`warning: this deployment is not among those of make deployments: ${(error as Error).message}`);
  }
}
