/** What the engine knows of a container in trouble, as text for a person. Pure. */
import type { Inspected } from "../../engines/docker/inspect.ts";

/** Longest line shown, in characters. */
const LINE = 500;

const indented = (text: string, first: string): string[] =>
  text
    .trim()
    .split("\n")
    .map((line) => `${first}${line.slice(0, LINE)}`);

/**
 * @param problem as `make status` names it: "unhealthy", "exited", …
 * @param logs its last log lines, standard output and standard error
 */
export function explain({ Name, State, HostConfig }: Inspected, problem: string, logs: string): string {
  const name = Name.replace(/^\//, "");
  const lines = [`${name}: ${problem}`];
  if (State.OOMKilled)
    lines.push(`  killed for want of memory: its limit is ${Math.round((HostConfig?.Memory ?? 0) / 2 ** 20)}m`);
  if (State.Error) lines.push(...indented(State.Error, "  "));
  if (problem === "exited" && !State.OOMKilled) lines.push(`  it ended with exit code ${State.ExitCode}`);
  const check =
    State.Status === "running" && State.Health?.Status !== "healthy" ? State.Health?.Log?.at(-1) : undefined;
  if (check) {
    lines.push(
      `  its health check failed with exit code ${check.ExitCode}${check.Output.trim() ? ":" : ", and printed nothing"}`,
    );
    if (check.Output.trim()) lines.push(...indented(check.Output, "    "));
  }
  if (logs.trim()) lines.push("  its last log lines:", ...indented(logs, "    "));
  else lines.push("  it has logged nothing");
  return lines.join("\n");
}
