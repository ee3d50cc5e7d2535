// A stack in a folder of its own, for tests of a plug-in: own state, own passphrase, nothing of the checkout but its tools.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";
import type { OutputMap, PulumiFn, Stack } from "@pulumi/pulumi/automation/index.js";

const checkout = resolve(__dirname, "../..");
// The automation API finds `pulumi`, and that its language host, on the PATH of this process.
process.env.PATH = `${join(checkout, ".local/bin")}:${process.env.PATH}`;

// It decides which plug-in is tested: name a home that holds the official one to run these tests against that.
const home = process.env.PULUMI_HOME ?? join(checkout, ".local/pulumi");
const { version } = JSON.parse(readFileSync(join(checkout, "node_modules/@pulumi/command/package.json"), "utf8")) as {
  version: string;
};
const source = join(home, `plugins/resource-command-v${version}/SOURCE`);

/** Whether the plug-in is this project's stand-in; set-up leaves a note beside it. */
export const isStandIn = existsSync(source) && readFileSync(source, "utf8").trim() === "stand-in";

export interface Ran {
  /** The stack's outputs; secret ones say so. */
  outputs: OutputMap;
  /** The messages shown while it ran; a plug-in sends one for each line that a script prints. */
  shown: string[];
  /** How many resources were created, updated, deleted, replaced, left the same. */
  changes: Record<string, number>;
}

export class Scratch {
  readonly folder = mkdtempSync(join(tmpdir(), "command-plugin-"));
  readonly signal = new AbortController();
  private stack: Promise<Stack> | undefined;

  private opened(): Promise<Stack> {
    return (this.stack ??= LocalWorkspace.createOrSelectStack(
      { stackName: "test", projectName: "command-plugin", program: () => Promise.resolve({}) },
      {
        workDir: this.folder,
        pulumiHome: home,
        envVars: {
          PULUMI_BACKEND_URL: `file://${this.folder}`,
          PULUMI_CONFIG_PASSPHRASE: "test",
          PULUMI_SKIP_UPDATE_CHECK: "1",
        },
      },
    ));
  }

  /** `pulumi up` of a program. Rejects with what Pulumi printed when it fails. */
  async up(program: PulumiFn): Promise<Ran> {
    const shown: string[] = [];
    const stack = await this.opened();
    const result = await stack.up({
      program,
      signal: this.signal.signal,
      onEvent: ({ diagnosticEvent: event }) => {
        if (event && (event.severity as string) !== "debug") shown.push(event.message.trim());
      },
    });
    return { outputs: result.outputs, shown, changes: result.summary.resourceChanges ?? {} };
  }

  /** `pulumi preview`: what would happen, by kind. */
  async preview(program: PulumiFn): Promise<Record<string, number>> {
    return (await (await this.opened()).preview({ program })).changeSummary;
  }

  async destroy(): Promise<void> {
    await (await this.opened()).destroy();
  }

  /** A file of the folder; empty when there is none. */
  read(name: string): string {
    try {
      return readFileSync(join(this.folder, name), "utf8");
    } catch {
      return "";
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
