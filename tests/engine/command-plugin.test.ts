// How the command plug-in behaves, for the parts this project uses. It describes the official 1.2.1; where set-up has built the
// stand-in (docs/toolchain.md), that is what is tested. Against the official one: PULUMI_HOME=<a home that holds it> make test.
// Two tests, marked "stand-in only", say where the stand-in is better on purpose.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { local } from "@pulumi/command";
import { Scratch, isStandIn } from "./command-plugin.harness.ts";

/** For what the official plug-in is known not to do; with that one, jest lists these as skipped. */
const itStandIn = isStandIn ? it : it.skip;

const scratches: Scratch[] = [];
const scratch = (): Scratch => {
  const made = new Scratch();
  scratches.push(made);
  return made;
};
afterAll(() => scratches.forEach((one) => one.remove()));

/** Whether a process is there; a zombie has ended. */
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe("creating", () => {
  const at = scratch();
  const dir = join(at.folder, "work");
  let outputs: Record<string, unknown>;
  let secret: Record<string, boolean>;
  let shown: string[];

  beforeAll(async () => {
    mkdirSync(join(dir, "deep"), { recursive: true });
    for (const name of ["a.txt", "b.log", "deep/c.txt", "deep/secret.txt"]) writeFileSync(join(dir, name), name);
    const command = (name: string, args: local.CommandArgs, options?: pulumi.CustomResourceOptions): local.Command =>
      new local.Command(name, args, options);
    const ran = await at.up(() => {
      const streams = command("streams", { create: "echo out; echo; echo more; echo err >&2" });
      const newlines = command("newlines", { create: "printf 'two\\n\\n'; printf unfinished >&2" });
      const nothing = command("nothing", { delete: "true" });
      const surroundings = command("surroundings", {
        create: "pwd; echo $GREETING; cat; echo $PULUMI_COMMAND_STDOUT",
        dir,
        environment: { GREETING: "hello there" },
        stdin: "from standard input\n",
      });
      const interpreter = command("interpreter", {
        create: "console.log([1, 2].map(String))",
        interpreter: ["node", "-e"],
      });
      const key = { create: "echo $KEY", environment: { KEY: pulumi.secret("geheim") }, logging: "none" as const };
      const hidden = command("hidden", key, { additionalSecretOutputs: ["stdout"] });
      const printed = command("printed", key);
      const onlyOut = command("only-out", { create: "echo shown-out; echo kept-err >&2", logging: "stdout" });
      const onlyErr = command("only-err", { create: "echo kept-out; echo shown-err >&2", logging: "stderr" });
      const both = command("both", { create: "echo both-out; echo both-err >&2", logging: "stdoutAndStderr" });
      const files = command("files", {
        create: "echo made >made.txt",
        dir,
        assetPaths: ["**.txt", "!**secret.*"],
        archivePaths: ["*.log", "deep/*"],
      });
      const run = local.runOutput({
        command: "echo $WORD; echo ran >>runs",
        dir: at.folder,
        environment: { WORD: "now" },
      });
      return Promise.resolve({
        streams: [streams.stdout, streams.stderr],
        newlines: [newlines.stdout, newlines.stderr],
        nothing: [nothing.stdout, nothing.stderr],
        surroundings: surroundings.stdout,
        interpreter: interpreter.stdout,
        hidden: hidden.stdout,
        hiddenInput: hidden.environment,
        printed: printed.stdout,
        quiet: [onlyOut.stderr, onlyErr.stdout, both.stdout],
        id: streams.id,
        assets: files.assets.apply((all) => Object.keys(all ?? {}).sort()),
        archive: files.archive.apply(async (all) =>
          Object.keys(await (all as pulumi.asset.AssetArchive).assets).sort(),
        ),
        asset: files.assets.apply((all) => (all!["a.txt"] as pulumi.asset.FileAsset).path),
        run: run.stdout,
      });
    });
    outputs = Object.fromEntries(Object.entries(ran.outputs).map(([name, output]) => [name, output.value as unknown]));
    secret = Object.fromEntries(Object.entries(ran.outputs).map(([name, output]) => [name, output.secret]));
    shown = ran.shown;
  });

  it("keeps the two streams apart and takes one line end off each", () => {
    expect(outputs.streams).toEqual(["out\n\nmore", "err"]);
    expect(outputs.newlines).toEqual(["two\n", "unfinished"]);
  });
  it("does nothing when there is no create script", () => expect(outputs.nothing).toEqual(["", ""]));
  it("runs the script in dir, with environment and standard input, and without a previous output", () => {
    expect(outputs.surroundings).toBe(`${dir}\nhello there\nfrom standard input\n`);
  });
  it("gives the script to the interpreter as its last argument", () =>
    expect(outputs.interpreter).toBe("[ '1', '2' ]"));
  it("names itself by the resource's name and eight hexadecimal digits", () => {
    expect(outputs.id).toMatch(/^streams[0-9a-f]{8}$/);
  });
  it("keeps a secret input secret, but what a script prints only where additionalSecretOutputs says so", () => {
    expect(outputs).toMatchObject({ hidden: "geheim", hiddenInput: { KEY: "geheim" }, printed: "geheim" });
    expect(secret).toMatchObject({ hidden: true, hiddenInput: true, printed: false });
  });
  it("shows the streams that logging names, both without it, and captures all the same", () => {
    expect(shown.filter((line) => /^(out|err|more|(shown|both)-.*)$/.test(line)).sort()).toEqual([
      "both-err",
      "both-out",
      "err",
      "more",
      "out",
      "shown-err",
      "shown-out",
    ]);
    expect(shown.join("\n")).not.toMatch(/kept-|geheim/);
    expect(outputs.quiet).toEqual(["kept-err", "kept-out", "both-out"]);
  });
  it("returns the files that assetPaths and archivePaths name, relative to dir", () => {
    expect(outputs.assets).toEqual(["a.txt", "deep/c.txt", "made.txt"]);
    expect(outputs.asset).toBe(join(dir, "a.txt"));
    expect(outputs.archive).toEqual(["b.log", "deep/c.txt", "deep/secret.txt"]);
  });
  it("runs local.run at every preview and every deployment", async () => {
    expect(outputs.run).toBe("now");
    const before = at.read("runs");
    await at.preview(() =>
      Promise.resolve({ run: local.runOutput({ command: "echo ran >>runs", dir: at.folder }).stdout }),
    );
    expect(at.read("runs").length).toBeGreaterThan(before.length);
  });
});

describe("the life of a command", () => {
  const at = scratch();
  const log = (): string[] => at.read("log").split("\n").filter(Boolean);
  const note = (word: string): string =>
    `echo "${word} $N [$PULUMI_COMMAND_STDOUT|$PULUMI_COMMAND_STDERR]" >>log; echo ${word}-$N; echo e$N >&2`;
  /** One command without an update script, one with, one that does not want its previous output; `n` is a changed input. */
  const program =
    (n: string, trigger = "t") =>
    () => {
      const common = { dir: at.folder, environment: { N: n }, triggers: [trigger] };
      const plain = new local.Command("plain", { create: note("create"), ...common });
      const full = new local.Command("full", { create: note("c"), update: note("u"), delete: note("d"), ...common });
      const fresh = new local.Command("fresh", { create: note("f"), addPreviousOutputInEnv: false, ...common });
      // Runs only where what it depends on is known, which a preview of a change must not say.
      const seen = full.stdout.apply((stdout) => (writeFileSync(join(at.folder, "seen"), stdout), stdout));
      return Promise.resolve({
        plain: plain.stdout,
        full: full.stdout,
        fresh: fresh.stdout,
        ids: [plain.id, full.id],
        seen,
      });
    };
  const clear = (): void => ["log", "seen"].forEach((name) => writeFileSync(join(at.folder, name), ""));
  let ids: unknown;

  beforeEach(clear);

  it("previews a creation without running it or knowing its outputs", async () => {
    expect(await at.preview(program("1"))).toMatchObject({ create: 4 });
    expect(log()).toEqual([]);
    expect(at.read("seen")).toBe("");
  });
  it("creates", async () => {
    const ran = await at.up(program("1"));
    expect(log().sort()).toEqual(["c 1 [|]", "create 1 [|]", "f 1 [|]"]);
    ids = ran.outputs.ids!.value;
  });
  it("runs nothing when nothing changed, and knows its outputs in a preview", async () => {
    expect(await at.preview(program("1"))).toEqual({ same: 4 });
    expect(at.read("seen")).toBe("c-1");
    expect((await at.up(program("1"))).changes).toEqual({ same: 4 });
    expect(log()).toEqual([]);
  });
  it("previews a changed input as an update whose outputs are not known", async () => {
    expect(await at.preview(program("2"))).toEqual({ same: 1, update: 3 });
    expect(log()).toEqual([]);
    expect(at.read("seen")).toBe("");
  });
  it("updates in place: by update, else by create, with what the last run printed in the environment unless told not to", async () => {
    const { outputs } = await at.up(program("2"));
    expect(log().sort()).toEqual(["create 2 [create-1|e1]", "f 2 [|]", "u 2 [c-1|e1]"]);
    expect([outputs.plain!.value, outputs.full!.value, outputs.fresh!.value]).toEqual(["create-2", "u-2", "f-2"]);
    expect(outputs.ids!.value).toEqual(ids);
  });
  it("replaces when a trigger changes: create, then the old one's delete with what it printed last", async () => {
    expect(await at.preview(program("2", "other"))).toEqual({ same: 1, replace: 3 });
    const { outputs } = await at.up(program("2", "other"));
    expect(log().sort()).toEqual(["c 2 [|]", "create 2 [|]", "d 2 [u-2|e2]", "f 2 [|]"]);
    expect(log().indexOf("c 2 [|]")).toBeLessThan(log().indexOf("d 2 [u-2|e2]"));
    expect(outputs.ids!.value).not.toEqual(ids);
  });
  it("fails with the script and what it printed, and keeps the state from before", async () => {
    const broken = () => {
      new local.Command("full", {
        create: "true",
        update: "echo some; echo other >&2; exit 3",
        dir: at.folder,
        triggers: ["other"],
      });
      return Promise.resolve({});
    };
    // The two streams are two pipes: which line comes first is open.
    await expect(at.up(broken)).rejects.toThrow(
      /exit status 3: running "echo some; echo other >&2; exit 3":\s+(some\s+other|other\s+some)\s/,
    );
    clear();
    expect((await at.up(program("2", "other"))).changes).toEqual({ same: 4 });
  });
  it("names a dir that does not exist, or is a file, and runs nothing", async () => {
    const inside = (dir: string) => () => {
      new local.Command("lost", { create: `touch ${join(at.folder, "ran")}`, dir });
      return Promise.resolve({});
    };
    const [missing, file] = [join(at.folder, "no such folder"), join(at.folder, "a-file")];
    writeFileSync(file, "");
    await expect(at.up(inside(missing))).rejects.toThrow(
      `chdir ${missing}: no such file or directory: running "touch `,
    );
    await expect(at.up(inside(file))).rejects.toThrow(/not a directory: running "touch /);
    expect(existsSync(join(at.folder, "ran"))).toBe(false);
    clear();
    await at.up(program("2", "other"));
  });
  it("deletes by delete, and by nothing where there is none", async () => {
    await at.destroy();
    expect(log()).toEqual([expect.stringMatching(/^d 2 \[/)]);
  });
});

itStandIn(
  "stand-in only: a line longer than 64 KiB gets through (the official plug-in waits for ever)",
  async () => {
    const at = scratch();
    const { outputs, shown } = await at.up(() => {
      const long = new local.Command("long", { create: "head -c 300000 /dev/zero | tr '\\0' x; echo; echo after" });
      return Promise.resolve({ length: long.stdout.apply((text) => text.length) });
    });
    expect(outputs.length!.value).toBe(300_000 + "\nafter".length);
    expect(shown).toContain("after");
  },
  60_000,
);

itStandIn(
  "stand-in only: cancelling kills all that a script has started (the official one kills the shell alone)",
  async () => {
    const at = scratch();
    const up = at.up(() => {
      new local.Command("slow", { create: "sleep 300 & echo $$ $! >pids; wait", dir: at.folder });
      return Promise.resolve({});
    });
    const ended = expect(up).rejects.toThrow();
    while (!at.read("pids").endsWith("\n")) await pause(50);
    const pids = at.read("pids").trim().split(" ").map(Number);
    expect(pids.map(alive)).toEqual([true, true]);
    at.signal.abort();
    await ended;
    for (let i = 0; i < 50 && pids.some(alive); i++) await pause(100);
    expect(pids.map(alive)).toEqual([false, false]);
  },
  60_000,
);
