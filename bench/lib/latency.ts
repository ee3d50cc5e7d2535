/** How long an address takes to answer, while something else goes on. */

import { pause } from "./processes.ts";
import { request } from "../../tests/http.ts";

/** Milliseconds between two questions, besides what the answer takes. */
const INTERVAL = 100;

/**
 * Asks again and again until `action` has ended.
 * @returns milliseconds of each answer
 * @throws Error when one is not 200
 */
export async function latencies(url: string, action: () => Promise<unknown>): Promise<number[]> {
  const running = { yet: true };
  const ended = action().finally(() => (running.yet = false));
  const found: number[] = [];
  while (running.yet) {
    const begun = performance.now();
    const { code } = await request(url);
    if (code !== 200) throw new Error(`${url}: HTTP ${code}`);
    found.push(performance.now() - begun);
    await pause(INTERVAL);
  }
  await ended;
  return found;
}

/** Median, the one of a hundred, and the worst. */
export function words(milliseconds: number[]): string {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(0);
  return `${at(0.5)} ms, ${at(0.99)} ms, ${at(1)} ms of ${sorted.length}`;
}
