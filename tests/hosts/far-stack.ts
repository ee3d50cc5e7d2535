/** A stack on one of the test hosts, as tests of a stack on this machine have theirs: commands go over SSH, what a hand does is done there. */
import { join } from "node:path";
import type { Stack } from "../../systems/stack.ts";
import { rawConfiguration } from "../../operations/stack.ts";
import { containerName } from "../../systems/spec.ts";
import { describeStack } from "../../systems/stack.ts";
import type { Running } from "../engine/drift-kinds.ts";
import { TestHost, type Outcome } from "../engine/host.ts";
import { containersOn } from "../engine/stack.harness.ts";
import type { Lab } from "./lab.ts";
import { STACKS, type Rehearsal, type StackName } from "./rehearsal.ts";

export class FarStack implements Running {
  readonly name: StackName;
  readonly host: TestHost;
  readonly stateFile: string;
  /** All of it goes with the host. */
  readonly marked: string[] = [];
  private readonly lab: Lab;
  private readonly rehearsal: Rehearsal;

  constructor(lab: Lab, rehearsal: Rehearsal, name: StackName) {
    [this.name, this.lab, this.rehearsal] = [name, lab, rehearsal];
    this.host = new TestHost({ docker: `unix://${lab.socket(STACKS[name])}` });
    this.stateFile = join(rehearsal.folder, ".local/state/.pulumi/stacks/robotoff-protea", `${name}.json`);
  }

  get described(): Stack {
    return describeStack(rawConfiguration(this.name, this.rehearsal.text(this.name)));
  }

  containers(): Map<string, string> {
    return containersOn(this.host, this.name);
  }

  docker(...args: string[]): string {
    return this.host.docker(...args);
  }

  /** From the laptop, through the proxy. */
  operation(name: string, ...args: string[]): Outcome {
    return this.rehearsal.run("node", `operations/${name}.ts`, "--stack", this.name, ...args);
  }

  container(system: "protea", service: string): string {
    return containerName(
      this.described.systems.find(({ name }) => name === system)!,
      service,
      1,
    );
  }

  query(system: "protea", sql: string): string {
    return this.docker("exec", this.container(system, "postgres"), "psql", "-U", system, "-d", system, "-Atc", sql);
  }

  /** What a shell's line prints there, by the user that commands log in as, in that user's home. */
  home(line: string): string {
    return this.lab.on(STACKS[this.name], "su", "off", "-s", "/bin/sh", "-c", `cd && ${line}`);
  }
}
