import { patience } from "../../engines/docker/container-args.ts";
import type { Selection } from "../command.ts";
import { look, type Look } from "./look.ts";

/** Problems that pass by themselves, or not: those of a container that may still become healthy. */
const PASSING = new Set(["starting", "unhealthy", "restarting"]);

/**
 * Waits until every container is as declared, or cannot become so by waiting, or has had the time that its health check
 * gives it (counted from now). One look when all is well.
 * @param hopeless containers that cannot become healthy by waiting: they are not waited for
 * @returns the last look
 */
export async function settled(options: Selection, hopeless: ReadonlySet<string> = new Set()): Promise<Look> {
  const begin = Date.now();
  let told = "";
  for (;;) {
    const seen = look(options);
    const waiting = seen.found.filter((row, index) => {
      const seconds = patience(seen.wanted[index]!.service) ?? 0;
      const passing = PASSING.has(row.problem ?? "") && !hopeless.has(row.container);
      return passing && Date.now() - begin < seconds * 1_000;
    });
    if (waiting.length === 0) return seen;
    const names = waiting.map((row) => `${row.container} (${row.problem})`).join(", ");
    if (names !== told) console.log(`waiting for ${names}`);
    told = names;
    await new Promise((done) => setTimeout(done, 500));
  }
}
