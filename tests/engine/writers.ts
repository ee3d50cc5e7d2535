/** Clients that commit to PROTEA's database all the time, and what had been committed at a moment. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { until } from "../http.ts";
import type { TestStack } from "./stack.harness.ts";

const COUNT = 3;
/** One commit after the other, each with its moment; what is printed was committed. */
const WRITE = `yes "insert into written (by) values (:by) returning id, extract(epoch from at); select pg_sleep(0.003) \\g /dev/null" |
  psql -qAtX -U protea -d protea -v by=$1`;
const TABLE = `drop table if exists written;
  create table written (id bigserial primary key, by int, at timestamptz default clock_timestamp())`;
/** What is there; everything that follows has another sum. */
const CONTENT = "select count(*), md5(string_agg(id || ' ' || at, ',' order by id)) from written";

/** How many rows the writers' table has, and the sum of all: `COUNT|SUM`. */
export const written = (stack: TestStack): string => stack.query("protea", CONTENT);

/** A moment, as PostgreSQL takes it, and what had been committed until then: nothing is while it has the lock. */
export function chosenMoment(stack: TestStack): { at: string; content: string } {
  const lock = "begin; lock table written in share row exclusive mode";
  const moment = "select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US+00')";
  const printed = stack.query("protea", `${lock}; ${CONTENT}; ${moment}; commit`).split("\n");
  const [content, at] = printed.filter((text) => /^\d/.test(text)) as [string, string];
  return { at, content };
}

export class Writers {
  private readonly said = Array.from({ length: COUNT }, () => "");
  /** When the server does not let them go on any more. */
  readonly ended: Promise<unknown>;

  private constructor(stack: TestStack) {
    const server = stack.container("protea", "postgres");
    const writers = this.said.map((_, n) => {
      const args = ["exec", server, "sh", "-c", WRITE, "write", String(n)];
      const writer = spawn("docker", args, { stdio: ["ignore", "pipe", "ignore"] });
      writer.stdout.on("data", (text: Buffer) => (this.said[n] += text.toString()));
      return once(writer, "close");
    });
    this.ended = Promise.all(writers);
  }

  /** Makes their table anew, and returns when all of them write. */
  static async start(stack: TestStack): Promise<Writers> {
    stack.query("protea", TABLE);
    const writers = new Writers(stack);
    await until("all write", 30, () => writers.said.every((text) => text.includes("\n")));
    return writers;
  }

  /** What the server said to be committed: ids, and moments in seconds since 1970. */
  commits(): [string, string][] {
    const lines = this.said.flatMap((text) => text.split("\n").slice(0, -1)).filter(Boolean);
    return lines.map((text) => text.split("|") as [string, string]);
  }
}
