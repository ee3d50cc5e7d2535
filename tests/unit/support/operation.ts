/**
 * Runs a verb of operations/ in this process: what is changed in it is then seen by the tests that pass through it
 * (docs/testing.md, mutants), which a process of its own would hide. Its children are real ones.
 */
import * as childProcess from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { format } from "node:util";
import * as yaml from "yaml";
import * as zod from "zod";

/** How a verb ended, and what it and its children wrote. */
export interface Ran {
  status: number;
  stdout: string;
  stderr: string;
}

export interface Around {
  environment: NodeJS.ProcessEnv;
  /** Whether standard input and output are a terminal; default: they are none. */
  terminal?: boolean;
  /** What a person types there; default: nothing, and then the end of it. */
  typed?: string;
  /** The working directory; default: this process's. */
  cwd?: string;
}

type Options = childProcess.SpawnOptions & childProcess.SpawnSyncOptionsWithStringEncoding;

/** A child's stdio, with what it would inherit put in its place; it finds nothing on standard input. */
function redirected(stdio: Options["stdio"], outputs: [number, number]): Options["stdio"] {
  if (stdio === "ignore") return stdio;
  const each = Array.isArray(stdio) ? stdio : [stdio, stdio, stdio];
  return each.map((one, index) => {
    if (one === "inherit") return index === 0 ? "ignore" : outputs[index - 1];
    return one === 1 || one === 2 ? outputs[one - 1] : one;
  });
}

/** The child processes of a verb: with its environment, and writing where it writes. */
function children(environment: NodeJS.ProcessEnv, outputs: [number, number]) {
  const own = (options: Options): Options => ({
    ...options,
    env: { ...environment, ...options.env },
    stdio: redirected(options.stdio ?? "pipe", outputs),
  });
  return {
    ...childProcess,
    spawn: (command: string, args: string[], options: Options) => childProcess.spawn(command, args, own(options)),
    spawnSync: (command: string, args: string[], options: Options) =>
      childProcess.spawnSync(command, args, own(options ?? {})),
  };
}

/** Replaces properties of an object; the function that is returned puts them back. */
function replaced(object: object, values: Record<string, unknown>): () => void {
  const before = Object.keys(values).map((key) => [key, Object.getOwnPropertyDescriptor(object, key)!] as const);
  for (const [key, value] of Object.entries(values))
    Object.defineProperty(object, key, { value, configurable: true, writable: true, enumerable: true });
  return () => {
    for (const [key, descriptor] of before) Object.defineProperty(object, key, descriptor);
  };
}

/** As `node operations/NAME.ts ARGS`. */
export async function operation(
  name: string,
  args: string[],
  { environment, terminal, typed, cwd = process.cwd() }: Around,
): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), "operation-"));
  const files = ["stdout", "stderr"].map((file) => join(folder, file));
  // Both append: the verb's own lines and its children's keep their order.
  const outputs = files.map((file) => openSync(file, "a")) as [number, number];
  const write = (index: 0 | 1, text: string) => writeSync(outputs[index], text);
  const stream = (index: 0 | 1) =>
    Object.assign(
      new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          write(index, chunk.toString());
          done();
        },
      }),
      { isTTY: terminal },
    );
  const restore = [
    replaced(process, {
      argv: [process.execPath, `operations/${name}.ts`, ...args],
      exitCode: undefined,
      env: environment,
      stdin: Object.assign(Readable.from(typed ? [typed] : []), { isTTY: terminal }),
      stdout: stream(0),
      stderr: stream(1),
    }),
    replaced(console, {
      log: (...words: unknown[]) => write(0, `${format(...words)}\n`),
      error: (...words: unknown[]) => write(1, `${format(...words)}\n`),
    }),
  ];
  const here = process.cwd();
  process.chdir(cwd);
  try {
    await jest.isolateModulesAsync(async () => {
      jest.doMock("node:child_process", () => children(environment, outputs));
      // Large, and without a state of their own: loaded once.
      jest.doMock("yaml", () => yaml);
      jest.doMock("zod", () => zod);
      const { done } = (await import(`../../../operations/${name}.ts`)) as { done: Promise<void> };
      await done;
    });
    const [stdout, stderr] = files.map((file) => readFileSync(file, "utf8"));
    return { status: Number(process.exitCode ?? 0), stdout: stdout!, stderr: stderr! };
  } finally {
    process.chdir(here);
    for (const back of restore) back();
    for (const mocked of ["node:child_process", "yaml", "zod"]) jest.dontMock(mocked);
    for (const output of outputs) closeSync(output);
    rmSync(folder, { recursive: true });
  }
}
