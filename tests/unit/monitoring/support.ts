/** A stack that is watched. */
import { describeStack } from "../../../systems/stack.ts";
import { fileValues, raw, type Values } from "../support/stack.ts";

/** A committed stack with monitoring on. */
export const monitored = (stack: "local" | "staging" | "production", values: Values = {}) =>
  describeStack(raw({ ...fileValues(`Pulumi.${stack}.yaml`), "monitoring:enabled": true, ...values }, { stack }));

/** Its monitoring. */
export const monitoringOf = (stack: ReturnType<typeof monitored>) =>
  stack.systems.find(({ name }) => name === "monitoring")!;

/** A file that one of its containers gets. */
export const fileOf = (stack: ReturnType<typeof monitored>, service: string, path: string): string =>
  monitoringOf(stack)
    .services.find(({ name }) => name === service)!
    .files.find((file) => file.path.endsWith(path))!.content;
