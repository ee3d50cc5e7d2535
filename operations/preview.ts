/** `make preview`: what an `up` would change. Words after `--` go to Pulumi. */
import { show } from "../hosts/docker.ts";
import { pulumiEnvironment } from "../hosts/ssh.ts";
import { run } from "./command.ts";
import { readStack } from "./stack.ts";

export const done = run([], ({ stack, words }) =>
  show(["bin/pulumi", "preview", "--stack", stack, ...words], {
    env: { ...process.env, ...pulumiEnvironment(readStack(stack).host) },
  }),
);
