/**
 * Robotoff's whole health: its API asks every backend, and the public website. Too much for a container's health check
 * (it may take half a minute, and one failing backend would restart nothing), right once after a deployment.
 */
import { dockerCommand } from "../../hosts/connection.ts";
import { docker } from "../../hosts/docker.ts";
import { containerName, type SystemSpec } from "../../systems/spec.ts";
import type { Stack } from "../../systems/stack.ts";
import { selected, type Selection } from "../command.ts";
import { table } from "../table.ts";

/** What the API says of one backend. */
export interface Backend {
  backend: string;
  state: "passed" | "failed";
  answer: string;
}

/** The arguments of docker that ask: from inside, so that it works on every host. Seconds: 5, 10 and 20 of upstream's, and more. */
export function healthQuestion(system: SystemSpec): string[] {
  const ask = ["curl", "--silent", "--show-error", "--max-time", "60", "http://127.0.0.1:5500/api/v1/health"];
  return ["exec", containerName(system, "api", 1), ...ask];
}

/**
 * Reads the answer (that of the Python package py-healthcheck).
 * @throws an Error with the beginning of an answer that is none
 */
export function readHealth(text: string): Backend[] {
  try {
    const { message } = JSON.parse(text) as {
      message: { results: { checker: string; output: unknown; passed: boolean }[] };
    };
    return message.results.map(({ checker, output, passed }) => ({
      backend: checker.replace(/^test_connect_/, ""),
      state: passed ? "passed" : "failed",
      answer: String(output).replaceAll(/\s+/g, " ").slice(0, 200),
    }));
  } catch {
    throw new Error(`the API's answer is not a health report: ${text.trim().slice(0, 200) || "(nothing)"}`);
  }
}

/**
 * Asks, and shows the answer backend by backend.
 * @returns the names of those that failed; undefined when nothing could be asked, which is said
 */
export function tellBackends(stack: Stack, options: Pick<Selection, "system">): string[] | undefined {
  const robotoff = selected(stack, { system: options.system }).find((system) => system.name === "robotoff");
  if (!robotoff?.services.some(({ name, replicas }) => name === "api" && replicas > 0)) return [];
  const question = healthQuestion(robotoff);
  console.log(dockerCommand(stack.host, question).join(" "));
  const { code, stdout, stderr } = docker(stack.host, question);
  try {
    if (code !== 0) throw new Error(stderr.trim() || `exit code ${code}`);
    const backends = readHealth(stdout);
    console.log(table(["backend", "state", "answer"], backends));
    return backends.filter(({ state }) => state === "failed").map(({ backend }) => backend);
  } catch (error) {
    console.error(`Robotoff's backends could not be asked: ${(error as Error).message}`);
    return undefined;
  }
}
