/** How hosts/scripts/schedule.sh is told what a host is to run by itself. */
import type { HostSettings } from "../config/host.ts";
import { quote, sshCommand } from "./connection.ts";
import { runCommand, script } from "./scripts.ts";

export interface Schedule {
  /** Unique on the host. */
  name: string;
  /** A time of day, or a weekday and a time: host:backups.schedule */
  when: string;
  /** hosts/scripts/RUN.sh, with args. */
  run: string;
  args: string[];
}

/** The words after schedule.sh's verb, as a shell of the host reads them. */
export function scheduleWords(host: HostSettings, { name, when, run, args }: Schedule): string {
  const endpoint = sshCommand(host) ? undefined : (host.docker ?? process.env.DOCKER_HOST);
  return [...[name, when, endpoint ?? "-"].map(quote), runCommand(script(run), args)].join(" ");
}
