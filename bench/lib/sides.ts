/** The real stack, both systems, deployed by this program or by docker compose; each under names and ports of its own. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readStack } from "../../operations/stack.ts";
import { variables } from "../../engines/compose/file.ts";
import { succeeded, TestStack } from "../../tests/engine/stack.harness.ts";
import { removeProjects, untilHealthy } from "./engine.ts";
import { output } from "./processes.ts";

export const SYSTEMS = ["robotoff", "protea"] as const;

export interface Side {
  /** Applies what is configured; returns when all is healthy. */
  up(): Promise<void>;
  /** Changes one setting of one service, to be applied by the next `up`. */
  change(): void;
  remove(): void;
}

/** What both sides share: the stack, with the number of containers that have to be healthy. */
async function configured(): Promise<{ stack: TestStack; healthy: number; secrets: string[] }> {
  const stack = await TestStack.create([...SYSTEMS]);
  const text = readFileSync(join(stack.folder, `Pulumi.${stack.name}.yaml`), "utf8");
  const { systems } = readStack(stack.name, text);
  const services = systems.flatMap((system) => system.services).filter((service) => service.kind === "service");
  return {
    stack,
    healthy: services.reduce((sum, service) => sum + service.replicas, 0),
    secrets: systems.flatMap(variables),
  };
}

const changed = { environment: { LOG_LEVEL: "DEBUG" } };

/** This program's stack: `pulumi` as bin/pulumi starts it. */
export class OwnStack implements Side {
  readonly stack: TestStack;
  private readonly healthy: number;

  private constructor(stack: TestStack, healthy: number) {
    this.stack = stack;
    this.healthy = healthy;
  }

  static async create(): Promise<OwnStack> {
    const { stack, healthy } = await configured();
    return new OwnStack(stack, healthy);
  }

  pulumi(...args: string[]): Promise<string> {
    const rest = ["--stack", this.stack.name, "--non-interactive", "--color=never", "--cwd", this.stack.folder];
    return output({ command: ["pulumi", ...args, ...rest], env: this.stack.environment });
  }

  async up(): Promise<void> {
    await this.pulumi("up", "--yes", "--skip-preview");
    await untilHealthy(this.stack.name, this.healthy);
  }

  async preview(...args: string[]): Promise<void> {
    await this.pulumi("preview", "--expect-no-changes", ...args);
  }

  change(): void {
    this.stack.change("robotoff", "scheduler", changed);
    // Writes the stack file, too.
    succeeded(this.stack.operation("compose", "--out", join(this.stack.folder, "compose")));
  }

  remove(): void {
    removeProjects(`${this.stack.name}-`);
    this.stack.remove();
  }
}

/** The same by docker compose, from the files that `make compose` writes. */
export class ComposeStack implements Side {
  private readonly stack: TestStack;
  private readonly healthy: number;
  private readonly secrets: NodeJS.ProcessEnv;

  private constructor(stack: TestStack, healthy: number, secrets: string[]) {
    this.stack = stack;
    this.healthy = healthy;
    this.secrets = Object.fromEntries(secrets.map((name) => [name, "0123456789abcdef"]));
    this.write();
  }

  static async create(): Promise<ComposeStack> {
    const { stack, healthy, secrets } = await configured();
    return new ComposeStack(stack, healthy, secrets);
  }

  private write(): void {
    succeeded(this.stack.operation("compose", "--out", join(this.stack.folder, "compose")));
  }

  /** Both projects at once, as this program does it. Not `--wait`: it fails over a job that ended and that nothing needs. */
  async up(): Promise<void> {
    await Promise.all(
      SYSTEMS.map((system) => {
        const file = join(this.stack.folder, "compose", `${system}.yaml`);
        return output({ command: ["docker", "compose", "-f", file, "up", "-d"], env: this.secrets });
      }),
    );
    await untilHealthy(this.stack.name, this.healthy);
  }

  change(): void {
    this.stack.change("robotoff", "scheduler", changed);
    this.write();
  }

  remove(): void {
    removeProjects(`${this.stack.name}-`);
    this.stack.remove();
  }
}
