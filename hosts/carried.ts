/** A connection that a process carries. */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { Duplex, Writable } from "node:stream";

/** What is written goes to the process, what it prints is read; it has whatever the process still had to say when it ended. */
export function carried(child: ChildProcessWithoutNullStreams): Duplex {
  // Who no longer reads has ended, and says why elsewhere.
  child.stdin.on("error", () => undefined);
  // Not its standard input itself: Node closes that when the child ends, and the answer may not have been read by then.
  const writable = new Writable({
    write: (chunk: Buffer, _encoding, done) => void child.stdin.write(chunk, () => done()),
  });
  return Duplex.from({ readable: child.stdout, writable });
}
