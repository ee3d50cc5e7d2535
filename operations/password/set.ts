/** Secrets of a stack's configuration. A value goes by standard input: into no command line, and no file but Pulumi's, encrypted. */
import { spawnSync } from "node:child_process";
import { pulumi } from "../pulumi.ts";

/** @throws Error with what Pulumi says */
export function setSecret(stack: string, key: string, value: string): void {
  const words = ["config", "set", "--secret", key, "--stack", stack];
  const { status, stderr } = spawnSync("bin/pulumi", words, { input: value, encoding: "utf8" });
  if (status !== 0) throw new Error(`${key} could not be set: ${stderr.trim()}`);
}

/** @throws Error with what Pulumi says */
export function removeSecret(stack: string, key: string): void {
  const { status, stderr } = pulumi("config", "rm", key, "--stack", stack);
  if (status !== 0) throw new Error(`${key} could not be removed: ${stderr.trim()}`);
}
