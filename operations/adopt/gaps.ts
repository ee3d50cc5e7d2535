/** For how long each service was away: what Docker says happens to containers, while one takes the place of another. */
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { HostSettings } from "../../config/host.ts";
import { dockerCommand, endsWithUs } from "../../hosts/connection.ts";
import { table } from "../table.ts";
import type { ServiceSpec } from "../../systems/spec.ts";

/** A line of `docker events --format json`, as far as it is read. */
export interface Event {
  Action: string;
  /** Nanoseconds since 1970. */
  timeNano: number;
  Actor: { ID: string; Attributes: { name?: string } };
}

/** A service's seconds, from the end of the old container to the health (or the start) of the one in its place; undefined: not seen. */
export type Gaps = Map<string, number | undefined>;

/** A container in whose place another comes. */
export interface Replaced {
  service: ServiceSpec;
  name: string;
  /** What was there before. */
  old: { Id: string }[];
}

/** Pure. */
export function gaps(handovers: Replaced[], events: Event[]): Gaps {
  const taken = handovers.filter(({ service, old }) => service.kind === "service" && old.length > 0);
  return new Map(
    taken.map(({ name, service, old }) => {
      const ended = events.filter(({ Action, Actor }) => Action === "die" && old.some(({ Id }) => Id === Actor.ID));
      const last = Math.max(...ended.map(({ timeNano }) => timeNano));
      const wanted = service.healthcheck ? "health_status: healthy" : "start";
      const back = events.find(
        ({ Action, Actor, timeNano }) => Action === wanted && Actor.Attributes.name === name && timeNano > last,
      );
      return [name, ended.length > 0 && back ? (back.timeNano - last) / 1e9 : undefined] as const;
    }),
  );
}

export const gapsText = (seen: Gaps): string =>
  table(
    ["service", "away"],
    [...seen].map(([service, seconds]) => ({
      ...{ service, away: seconds === undefined ? "not seen: before this run" : `${seconds.toFixed(1)} s` },
    })),
  );

const KINDS = ["die", "start", "health_status"].flatMap((kind) => ["--filter", `event=${kind}`]);

/** Notes what happens until it is ended. */
export class Watching {
  readonly events: Event[] = [];
  private readonly child: ChildProcess;

  constructor(host: HostSettings) {
    const words = ["events", "--filter", "type=container", ...KINDS, "--format", "{{json .}}"];
    const [command, ...rest] = endsWithUs(dockerCommand(host, words));
    this.child = spawn(command!, rest, { stdio: ["ignore", "pipe", "ignore"] });
    createInterface({ input: this.child.stdout! }).on("line", (line) => {
      // A terminal over SSH may say other things.
      if (line.startsWith("{")) this.events.push(JSON.parse(line) as Event);
    });
    this.child.on("error", () => undefined);
  }

  end(): void {
    this.child.kill();
  }
}
