/** Asks PROTEA's API about jobs, from inside its container: that works whatever is published, and where. */
import { readFileSync } from "node:fs";
import { dockerCommand, quote } from "../../hosts/connection.ts";
import { dockerOutput } from "../../hosts/docker.ts";
import { containerName } from "../../systems/spec.ts";
import { selected, type Selection } from "../command.ts";
import { readStack } from "../stack.ts";
import type { Event, Job } from "./rows.ts";

const SCRIPT = "operations/jobs/request.py";

export interface JobsApi {
  /** The newest first; without sub-jobs, unless `parent` asks for those of a job. */
  list: (query: { status?: string; parent?: string; limit: number }) => Job[];
  /** Throws when there is none of that id. */
  job: (id: string) => Job;
  /** The newest first. */
  events: (id: string, limit: number) => Event[];
  /** The job's status then. */
  cancel: (id: string) => string;
  remove: (id: string) => void;
}

/** Each question prints its command, to standard error as show() does. @throws Error with what the API said when that is no success */
export function jobsApi({ stack: name, system: only }: Selection): JobsApi {
  if (only === "robotoff") throw new Error("Robotoff has no such jobs: make queues shows what waits there");
  const stack = readStack(name);
  const [system] = selected(stack, { system: "protea" });
  const ask = (method: string, path: string): unknown => {
    const args = ["exec", "-i", containerName(system!, "api", 1), "python", "-", method, path];
    console.error(`${dockerCommand(stack.host, args).map(quote).join(" ")} < ${SCRIPT}`);
    return JSON.parse(dockerOutput(stack.host, args, readFileSync(SCRIPT, "utf8")));
  };
  return {
    list: ({ status, parent, limit }) => {
      const query = new URLSearchParams({
        limit: String(limit),
        ...(status && { status }),
        ...(parent && { parent_job_id: parent }),
      });
      return ask("GET", `/jobs?${query}`) as Job[];
    },
    job: (id) => ask("GET", `/jobs/${id}`) as Job,
    events: (id, limit) => ask("GET", `/jobs/${id}/events?limit=${limit}`) as Event[],
    cancel: (id) => (ask("POST", `/jobs/${id}/cancel`) as Job).status,
    remove: (id) => void ask("DELETE", `/jobs/${id}`),
  };
}
