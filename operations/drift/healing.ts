/** What `make heal` does, in the order in which it does it. Pure. */
import { formatSeconds } from "../../config/units.ts";
import { patience } from "../../engines/docker/container-args.ts";
import type { ServiceSpec } from "../../systems/spec.ts";
import { titled } from "../table.ts";
import type { Row } from "./rows.ts";

export interface Healing {
  /** Containers of somebody under our names: stopped, renamed and kept. */
  aside: string[];
  /** Words of docker. */
  docker: string[][];
  /** What the `up` that follows makes anew, by its URN and what it is. */
  replace: Map<string, string>;
  /** Where the `up` has something to do. */
  up: string[];
  /** What a person decides. */
  left: Row[];
}

const distinct = (commands: string[][]): string[][] => [
  ...new Map(commands.map((words) => [words.join(" "), words])).values(),
];

export function healing(rows: Row[]): Healing {
  const aside = [...new Set(rows.flatMap(({ mend }) => mend.aside ?? []))];
  const replace = new Map(rows.flatMap(({ where, mend }) => (mend.replace ? [[mend.replace, where] as const] : [])));
  // What is made anew has it all; its name it needs before, or the one that is there would not be found.
  const anew = new Set([...aside, ...replace.values()]);
  const commands = rows.flatMap(({ where, mend }) =>
    (mend.docker ?? []).filter(([verb]) => verb === "rename" || !anew.has(where)),
  );
  const first = ([verb]: string[]) => (verb === "rename" ? 0 : 1);
  return {
    aside,
    docker: distinct(commands).sort((one, other) => first(one) - first(other)),
    replace,
    up: [...new Set(rows.flatMap(({ where, mend }) => (mend.up ? [where] : [])))],
    // "With the container": not a difference of its own.
    left: rows.filter(
      ({ where, mend }) => !mend.aside && !mend.docker && !mend.up && !mend.replace && !anew.has(where),
    ),
  };
}

/** Whether there is anything that can be done here. */
export const canHeal = ({ aside, docker, replace, up }: Healing): boolean =>
  aside.length + docker.length + replace.size + up.length > 0;

/** What will be done, and what is away meanwhile for how long. @param services by the names of their containers */
export function describeHealing(todo: Healing, services: ReadonlyMap<string, ServiceSpec>): string {
  const away = (name: string) => {
    const service = services.get(name);
    if (!service) return name;
    const [stop, start] = [Math.ceil(service.stopGracePeriod / 1_000), patience(service)];
    return start === undefined
      ? `${name} (a job, run again)`
      : `${name} (away from its stop, which takes ${formatSeconds(stop)} at most, until it is healthy, ${formatSeconds(start)} at most)`;
  };
  return [
    ...titled("somebody's, under a name of ours: stopped, renamed and kept, and ours made again", todo.aside.map(away)),
    ...titled(
      "changed in place",
      todo.docker.map((words) => `docker ${words.join(" ")}`),
    ),
    ...titled("made anew, volumes stay as they are", [...todo.replace.values()].map(away)),
    ...titled("started, made again or applied by make up", without(todo.up, todo.aside)),
    ...titled(
      "left to you",
      todo.left.map(({ where, what, found }) => `${where}, ${what}: ${found}`),
    ),
  ].join("\n");
}

const without = (names: string[], others: string[]) => names.filter((name) => !others.includes(name));
