import { answerOf } from "../pulumi.ts";
import { generatedValue, type Deployment } from "./keys.ts";

type Configuration = Record<string, { value?: string }>;

interface State {
  deployment: Deployment;
}

/**
 * The secrets of a stack, as Pulumi decrypts them. It is asked for all of them at once, when the first is wanted, and once: what is changed
 * meanwhile is not seen. Each throws an Error with what Pulumi says when it cannot decrypt the stack.
 */
export class StackSecrets {
  private readonly stack: string;
  private configuration: Configuration | undefined;
  private state: State | undefined;

  constructor(stack: string) {
    this.stack = stack;
  }

  /** Of the configuration alone; undefined: it does not have it. */
  configured(key: string): string | undefined {
    this.configuration ??= answerOf<Configuration>("config", "--show-secrets", "--json", "--stack", this.stack);
    return this.configuration[key]?.value;
  }

  /** Configured or generated; undefined: neither yet. */
  known(key: string): string | undefined {
    const configured = this.configured(key);
    if (configured !== undefined) return configured;
    this.state ??= answerOf<State>("stack", "export", "--show-secrets", "--stack", this.stack);
    return generatedValue(this.state.deployment, key);
  }

  /** Configured or generated. @throws Error when it is neither yet */
  value(key: string): string {
    const value = this.known(key);
    if (value !== undefined) return value;
    const set = `bin/pulumi config set --secret ${key} --stack ${this.stack}`;
    throw new Error(`${key} is neither configured (${set}) nor generated yet`);
  }
}
