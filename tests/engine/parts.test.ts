// The parts of a PROTEA backup (hosts/scripts/part-*.sh) against a real MinIO, folder and git repository.
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { until } from "../http.ts";
import { certificates } from "./certificates.ts";
import { here, failed, succeeded } from "./host.ts";
import { Container, setUp, tearDown } from "./images.harness.ts";
import { ALL_FOUND, backup, folder, PartContainer, removeFolder, spoiled } from "./parts.harness.ts";

beforeAll(() => {
  setUp();
  for (const name of ["backups", "lab", "repository"]) mkdirSync(join(folder, name));
});
afterAll(() => {
  tearDown();
  removeFolder();
});

const partOf = (name: string) =>
  JSON.parse(readFileSync(backup(`${name}/part.json`), "utf8")) as Record<string, unknown>;

/** The database beside a part: another system is a server that was made anew. */
const database = (name: string, system: string) => {
  mkdirSync(backup(`${name}/postgres`), { recursive: true });
  writeFileSync(backup(`${name}/postgres/part.json`), `{"part" : "postgres", "system" : "${system}"}`);
};

describe("the bucket", () => {
  let minio: Container;
  let files: PartContainer;

  beforeAll(async () => {
    minio = new Container("minio", {
      env: { MINIO_ROOT_USER: "app", MINIO_ROOT_PASSWORD: "secret-._~" },
      args: ["server", "/data"],
    });
    await minio.until(["curl", "-fsS", "http://127.0.0.1:9000/minio/health/ready"]);
    minio.run("mc", "alias", "set", "s", "http://127.0.0.1:9000", "app", "secret-._~");
    minio.run("mc", "mb", "s/protea");
    files = new PartContainer("bucket", "protea", {
      env: {
        ...{ MC_HOST_server: `http://app:secret-._~@${minio.name}:9000`, BUCKET: "protea" },
        ...{
          OTHER_SERVER: `http://app@${minio.name}:9000`,
          OTHER_BUCKET: "copies",
          AWS_SECRET_ACCESS_KEY: "secret-._~",
        },
      },
      options: ["--memory", "128m", "--tmpfs", "/full:size=4m"],
    });
    files.python(SEED);
    // In parts: its etag is not its content's.
    minio.run(
      "sh",
      "-c",
      "head -c 20000000 /dev/urandom >/tmp/large && mc cp --quiet /tmp/large s/protea/large/multi.bin",
    );
  });

  /** Every object as another client sees it, and its content's hash, by key. */
  const seen = (bucket: string) => {
    const lines = minio.run("mc", "stat", "--recursive", "--json", `s/${bucket}`).split("\n").filter(Boolean);
    const stats = lines.map((line) => {
      const { name, size, metadata } = JSON.parse(line) as { name: string; size: number; metadata: object };
      return [name.slice(bucket.length + 1), { size, metadata }] as const;
    });
    const hashes = JSON.parse(files.python(hashesOf(bucket))) as Record<string, [string, object]>;
    return { stats: Object.fromEntries(stats.sort()), hashes };
  };
  const asideBuckets = () => minio.run("mc", "ls", "s").match(/protea-before-[^/]*/g) ?? [];

  test("comes back with every header, tag and name", () => {
    const before = seen("protea");
    expect(Object.keys(before.hashes)).toHaveLength(Object.keys(before.stats).length);
    expect(before.stats).toMatchObject({
      "odd/Å ✓": { metadata: { "Content-Type": "application/x-odd", "Cache-Control": "max-age=5" } },
    });
    expect(succeeded(files.part("backup", "/backups/first/bucket", "/backups/before/bucket"))).toContain(
      "0 as in the backup before",
    );
    expect(succeeded(files.part("verify", "/backups/first/bucket"))).toContain("every byte read and compared");

    files.python(CHANGES);
    const changed = seen("protea");
    expect(changed).not.toEqual(before);
    expect(succeeded(files.part("restore", "/backups/first/bucket"))).toContain(
      "3 replaced and 2 removed are in the bucket",
    );
    expect(seen("protea")).toEqual(before);
    // What was replaced or removed is kept, as it was.
    const [aside, ...more] = asideBuckets();
    expect(more).toEqual([]);
    const kept = seen(aside!);
    expect(Object.keys(kept.hashes).sort()).toEqual([
      "added later",
      "odd/meta",
      "odd/q\"u'o<&>te",
      "small/1",
      "small/2",
    ]);
    expect(changed.hashes).toMatchObject(kept.hashes);
    expect(succeeded(files.part("restore", "/backups/first/bucket"))).toContain("0 of them written");

    minio.run("mc", "rb", "--force", "s/protea");
    minio.run("mc", "mb", "s/protea");
    expect(failed(files.part("backup", "/backups/emptied/bucket", "/backups/first/bucket"))).toContain(
      "bucket protea is empty, and the backup before has ",
    );
    // With another database, all begins anew.
    database("first", "1");
    database("anew", "2");
    expect(succeeded(files.part("backup", "/backups/anew/bucket", "/backups/first/bucket"))).toContain(": 0 objects");
    database("anew", "1");
    expect(failed(files.part("backup", "/backups/anew/bucket", "/backups/first/bucket"))).toContain("is empty, and");
    rmSync(backup("first/postgres"), { recursive: true });
    minio.run("mc", "rb", "--force", "s/protea");
    expect(succeeded(files.part("restore", "/backups/first/bucket"))).not.toContain("before");
    expect(seen("protea")).toEqual(before);
    expect(minio.run("mc", "ls", "s")).not.toContain("restoring");
  });

  test("is copied again only where it changed", () => {
    succeeded(files.part("backup", "/backups/second/bucket"));
    files.python(CHANGES);
    expect(succeeded(files.part("backup", "/backups/third/bucket", "/backups/second/bucket"))).toMatch(
      /; 4 of them copied, /,
    );
    succeeded(files.part("verify", "/backups/third/bucket"));
    succeeded(files.part("verify", "/backups/second/bucket"));
    expect(partOf("third/bucket")).toMatchObject({ fetched: 4, linked: 58 });
    const contents = (name: string) => {
      const objects = backup(`${name}/bucket/objects`);
      return new Map(
        readdirSync(objects).flatMap((start) =>
          readdirSync(join(objects, start)).map((sha) => [sha, statSync(join(objects, start, sha)).ino] as const),
        ),
      );
    };
    const [second, third] = [contents("second"), contents("third")];
    const shared = [...third].filter(([sha]) => second.has(sha));
    expect(shared.length).toBeGreaterThan(50);
    expect(shared.filter(([sha, inode]) => second.get(sha) !== inode)).toEqual([]);
    // A tag alone changed: no content, and yet it is in the listing.
    expect(readFileSync(backup("third/bucket/objects.jsonl"), "utf8")).toContain('"tags":{"only":"tag"}');
  });

  test("is read by plain tools", () => {
    const [line] = execFileSync("jq", ["-c", 'select(.key == "odd/Å ✓")', backup("first/bucket/objects.jsonl")], {
      encoding: "utf8",
    }).split("\n");
    const { sha256 } = JSON.parse(line!) as { sha256: string };
    const content = readFileSync(backup(`first/bucket/objects/${sha256.slice(0, 2)}/${sha256}`));
    expect(content.toString()).toBe("odd/Å ✓");
    expect(createHash("sha256").update(content).digest("hex")).toBe(sha256);
  });

  test("spoiled, is found by its file's name, and a backup into the same folder mends it", () => {
    const objects = backup("first/bucket/objects");
    const [one, two] = readdirSync(objects).map((start) => `objects/${start}/${readdirSync(join(objects, start))[0]}`);
    expect(spoiled(files, "first/bucket", one!, two!)).toEqual(ALL_FOUND);
    expect(spoiled(files, "first/bucket", "objects.jsonl", two!)).toEqual(ALL_FOUND);

    cpSync(backup("third/bucket"), backup("mended"), { recursive: true });
    const victim = backup(`mended/objects/${readdirSync(backup("mended/objects"))[0]!}`);
    const path = join(victim, readdirSync(victim)[0]!);
    rmSync(path);
    writeFileSync(path, "rotten");
    failed(files.part("verify", "/backups/mended"));
    expect(succeeded(files.part("backup", "/backups/mended", "/backups/third/bucket"))).toContain("0 of them copied");
    rmSync(path);
    expect(succeeded(files.part("backup", "/backups/mended"))).toContain("1 of them copied");
    succeeded(files.part("verify", "/backups/mended"));
  });

  test("killed while it is restored, again and again, ends complete, and nothing is lost", () => {
    for (const aside of asideBuckets()) minio.run("mc", "rb", "--force", `s/${aside}`);
    succeeded(files.part("restore", "/backups/first/bucket"));
    const wanted = seen("protea");
    for (const aside of asideBuckets()) minio.run("mc", "rb", "--force", `s/${aside}`);
    files.python(EVERYTHING_CHANGES);
    const old = seen("protea").hashes;
    delete old["folder/"];

    let killed = 0;
    for (let seconds = 0.04; ; seconds *= 1.2) {
      const { code, text } = files.partKilledAfter(seconds, "restore", "/backups/first/bucket");
      if (code === 0) break;
      expect([code, text]).toEqual([137, expect.anything()]);
      killed += 1;
      // At every moment each object is the old or the new one.
      const now = JSON.parse(files.python(hashesOf("protea"))) as Record<string, [string, object]>;
      for (const [key, value] of Object.entries(wanted.hashes))
        expect([value, old[key] ?? value]).toContainEqual(now[key]);
    }
    expect(killed).toBeGreaterThan(2);
    expect(seen("protea")).toEqual(wanted);
    const [aside, ...more] = asideBuckets();
    expect(more).toEqual([]);
    expect(seen(aside!).hashes).toMatchObject(old);
    expect(minio.run("mc", "ls", "s")).not.toContain("restoring");
  });

  test("killed while it is filled, it still counts as empty, and nothing is put aside", () => {
    for (const aside of asideBuckets()) minio.run("mc", "rb", "--force", `s/${aside}`);
    const wanted = seen("protea");
    const isEmpty = () => succeeded(files.part("empty", "/backups/first/bucket")).trim() === "empty";
    expect(isEmpty()).toBe(false);
    minio.run("mc", "rb", "--force", "s/protea");
    expect(isEmpty()).toBe(true);
    minio.run("mc", "mb", "s/protea");
    minio.run("mc", "tag", "set", "s/protea", "owner=ada");
    let begun = 0;
    for (let seconds = 0.04; ; seconds *= 1.2) {
      if (files.partKilledAfter(seconds, "restore", "/backups/first/bucket").code === 0) break;
      const there = minio.run("mc", "ls", "--recursive", "s/protea").split("\n").length;
      if (there > 1 && there < Object.keys(wanted.hashes).length) begun += 1;
      // Killed between its last step and its end, it is done.
      if (!isEmpty()) expect(seen("protea")).toEqual(wanted);
    }
    expect(begun).toBeGreaterThan(0);
    expect(isEmpty()).toBe(false);
    expect(seen("protea")).toEqual(wanted);
    expect(minio.run("mc", "tag", "list", "s/protea")).toMatch(/owner\s*:\s*ada\s*$/);
    expect(asideBuckets()).toEqual([]);
  });

  test("goes into another bucket that is not there, or empty; one with contents, and every other bucket, stays as it is", () => {
    const into = () => files.part("into", "/backups/first/bucket");
    const wanted = seen("protea");
    // Names that a restore of the stack's own bucket would take for its own.
    for (const name of ["copies-restoring", "copies-before-20260101t000000z"]) {
      minio.run("mc", "mb", `s/${name}`);
      minio.run("sh", "-c", `echo mine | mc pipe --quiet s/${name}/mine`);
    }
    const others = () => ["copies-restoring", "copies-before-20260101t000000z"].map((name) => [seen(name), tags(name)]);
    const tags = (name: string) => here.tryDocker("exec", minio.name, "mc", "tag", "list", `s/${name}`).text;
    const before = others();
    expect(succeeded(into())).toMatch(/^bucket copies: (\d+) objects, \1 of them written/m);
    expect(seen("copies")).toEqual(wanted);
    expect(failed(into())).toContain("the bucket copies has contents there; nothing was changed");
    expect(seen("copies")).toEqual(wanted);
    // Interrupted, it goes on; not over what somebody else has put there meanwhile.
    minio.run("mc", "tag", "set", "s/copies", "restore=filling");
    minio.run("mc", "rm", "s/copies/small/1", "s/copies/small/2");
    minio.run("sh", "-c", "echo mine | mc pipe --quiet s/copies/mine");
    expect(failed(into())).toContain("nothing was changed");
    expect(minio.run("mc", "cat", "s/copies/mine")).toBe("mine");
    minio.run("mc", "rm", "s/copies/mine");
    expect(succeeded(into())).toContain(" objects, 2 of them written");
    expect(seen("copies")).toEqual(wanted);
    expect(tags("copies")).not.toContain("filling");
    minio.run("mc", "rm", "--recursive", "--force", "s/copies");
    succeeded(into());
    expect(seen("copies")).toEqual(wanted);
    expect(others()).toEqual(before);
    const wrong = [
      "exec",
      "--env",
      "AWS_SECRET_ACCESS_KEY=wrong",
      files.name,
      "python3",
      "-B",
      "/opt/backup-parts/bucket.py",
    ];
    expect(failed(here.tryDocker(...wrong, "into", "/backups/first/bucket"))).toMatch(/: 403 SignatureDoesNotMatch\n$/);
  });

  test("goes into a server with a certificate of a private authority, which CA= names; any other is refused", async () => {
    succeeded(files.part("backup", "/backups/whole/bucket"));
    const at = join(folder, "certificates");
    certificates(at, "localhost");
    const [port] = await here.freePorts(1);
    const secured = new Container("minio", {
      env: { MINIO_ROOT_USER: "ada", MINIO_ROOT_PASSWORD: "of the other" },
      args: ["server", "--certs-dir", "/certificates", "/data"],
      options: ["--volume", `${at}:/certificates`, "--publish", `127.0.0.1:${port}:9000`],
    });
    const ready = "https://localhost:9000/minio/health/ready";
    await secured.until(["curl", "-fsS", "--cacert", "/certificates/authority.pem", ready]);
    const authority = readFileSync(join(at, "authority.pem"), "utf8");
    const into = (name: string, ca?: string) =>
      files.into(`https://ada@${name}:${port}`, "/backups/whole/bucket", "of the other", ca);

    const refused = "the server's certificate is refused: ";
    expect(failed(into("localhost"))).toMatch(
      new RegExp(`${refused}.*A private authority's certificate is named by CA=`),
    );
    expect(failed(into("127.0.0.1", authority))).toContain(`${refused}IP address mismatch`);
    certificates(join(folder, "another"), "localhost");
    expect(failed(into("localhost", readFileSync(join(folder, "another/authority.pem"), "utf8")))).toContain(refused);
    expect(succeeded(into("localhost", authority))).toMatch(/^bucket copies: (\d+) objects, \1 of them written/m);
    secured.run("mc", "--insecure", "alias", "set", "s", "https://localhost:9000", "ada", "of the other");
    const keys = secured.run("mc", "--insecure", "ls", "--recursive", "--json", "s/copies").split("\n");
    expect(keys).toHaveLength(Object.keys(seen("protea").stats).length);
    secured.remove();
  });

  test("killed while it goes into another server, it ends by itself, or the next run ends it; two at once do not run", async () => {
    // Another server, that lets whoever asks wait until it is told to refuse.
    const waiting: ServerResponse[] = [];
    const slow = createServer((_request, answer) => waiting.push(answer)).listen(0, "127.0.0.1");
    await once(slow, "listening");
    const into = () => {
      const { port } = slow.address() as AddressInfo;
      return files.beginInto(`http://app@127.0.0.1:${port}`, "/backups/whole/bucket");
    };
    const left = () => here.docker("ps", "--all", "--quiet", "--filter", `label=robotoff-protea.into=${files.name}`);
    const real = () => files.into("http://app@127.0.0.1:1", "/backups/nowhere/bucket", "secret");
    const killed = async () => {
      const run = into();
      await until("it has asked", 60, () => waiting.length > 0);
      expect(real()).toMatchObject({ code: 75, text: expect.stringContaining("another restore into") as string });
      const ended = new Promise((done) => run.once("close", done));
      process.kill(-run.pid!, "SIGKILL");
      await ended;
      expect(left()).not.toBe("");
    };
    try {
      await killed();
      for (const answer of waiting.splice(0)) answer.writeHead(403).end();
      await until("it has ended by itself", 60, () => left() === "");

      await killed();
      const [first] = left().split("\n");
      expect(failed(real())).toContain("/backups/nowhere/bucket/part.json: missing");
      expect(here.tryDocker("inspect", first!).code).not.toBe(0);
      expect(left()).toBe("");
    } finally {
      slow.closeAllConnections();
      slow.close();
    }
  });

  test("says what is wrong, and no secret", () => {
    const command = ["python3", "-B", "/opt/backup-parts/bucket.py", "backup", "/backups/none"];
    const said = (variable: string) => failed(here.tryDocker("exec", "--env", variable, files.name, ...command));
    expect(said("BUCKET=missing")).toMatch(/^bucket, backup: GET \/missing on .*:9000: 404 NoSuchBucket\n$/);
    expect(said(`MC_HOST_server=http://app:wrong@${minio.name}:9000`)).toMatch(/: 403 SignatureDoesNotMatch\n$/);
    expect(failed(files.part("backup", "/full/bucket"))).toContain("No space left on device");
    expect(failed(files.part("verify", "/backups/nowhere"))).toContain("/backups/nowhere/part.json: missing");
  });
});

describe("the lab folder", () => {
  let lab: PartContainer;
  const at = (...names: string[]) => join(folder, "lab", ...names);
  const tree = () =>
    execFileSync(
      "sh",
      [
        "-c",
        "cd $0; find datasets runs experiments -printf '%p %y %m %U:%G %l\\n' | sort; find datasets runs -type f -exec sha256sum {} + | sort",
        at(),
      ],
      { encoding: "utf8" },
    );

  beforeAll(() => {
    mkdirSync(at("datasets/deep"), { recursive: true });
    mkdirSync(at("runs"));
    mkdirSync(at("experiments"));
    mkdirSync(at(".venv"));
    for (let n = 0; n < 50; n += 1)
      writeFileSync(at("datasets/deep", `d${n}`), Buffer.alloc(100_000, n), { mode: 0o640 });
    writeFileSync(at("datasets", "a\nb \\ \"ü'"), "odd");
    writeFileSync(at("runs", "empty"), "");
    symlinkSync("../datasets", at("runs/link"));
    execFileSync("chown", ["1234:4321", at("datasets/deep/d1")]);
    lab = new PartContainer("lab", "protea", { options: ["--volume", `${at()}:/lab`] });
  });

  test("comes back, is linked when nothing changed, and survives kills of its restore", () => {
    const before = tree();
    expect(succeeded(lab.part("backup", "/backups/first/lab", "/backups/before/lab"))).toContain("52 files");
    succeeded(lab.part("verify", "/backups/first/lab"));
    expect(succeeded(lab.part("backup", "/backups/second/lab", "/backups/first/lab"))).toContain(
      "as in the backup before",
    );
    expect(statSync(backup("second/lab/lab.tar")).ino).toBe(statSync(backup("first/lab/lab.tar")).ino);

    appendFileSync(at("datasets/deep/d7"), "changed");
    writeFileSync(at("runs/later"), "later");
    expect(succeeded(lab.part("backup", "/backups/third/lab", "/backups/second/lab"))).toContain(
      "53 files, 5.0 MB, copied",
    );
    let killed = 0;
    for (let seconds = 0.02; ; seconds *= 1.2) {
      const { code, text } = lab.partKilledAfter(seconds, "restore", "/backups/first/lab");
      if (code === 0) break;
      expect([code, text]).toEqual([137, expect.not.stringContaining("restore:")]);
      killed += 1;
    }
    expect(killed).toBeGreaterThan(0);
    expect(tree()).toBe(before);
    const aside = readdirSync(at()).filter((name) => name.startsWith(".before-"));
    expect(aside.filter((name) => existsSync(at(name, "runs/later")))).toHaveLength(1);
    expect(existsSync(at(".restoring"))).toBe(false);
  });

  test("is refused on a disk without the room for it, before anything is written", () => {
    expect(succeeded(lab.part("room", "/backups/first/lab"))).toBe("\n");
    const small = new PartContainer("lab", "protea", { options: ["--tmpfs", "/lab:size=4m"] });
    expect(failed(small.part("room", "/backups/first/lab"))).toBe(
      "lab, restore: the new data needs 4 MiB beside the old; its disk has 4 MiB free\n",
    );
  });

  test("is read by plain tools", () => {
    const unpacked = join(folder, "unpacked");
    mkdirSync(unpacked);
    execFileSync("tar", ["-xf", backup("first/lab/lab.tar"), "-C", unpacked]);
    execFileSync("sha256sum", ["--check", "--quiet", backup("first/lab/files.sha256")], { cwd: unpacked });
    expect(readdirSync(unpacked).sort()).toEqual(["datasets", "experiments", "runs"]);
  });

  test("comes back where its container only reads it", () => {
    const reading = new PartContainer("lab", "protea", { options: ["--volume", `${at()}:/lab:ro`] });
    const before = tree();
    for (const name of ["datasets", "runs"]) rmSync(at(name), { recursive: true });
    expect(failed(reading.part("backup", "/backups/emptied/lab", "/backups/first/lab"))).toContain(
      "the lab folder is empty, and the backup before has 52 in it",
    );
    expect(failed(reading.part("restore", "/backups/first/lab"))).toContain("mounted read-only");
    expect(succeeded(reading.restoreElsewhere("/backups/first/lab"))).toContain("52 files");
    expect(tree()).toBe(before);
  });

  test("spoiled, is found by its file's name", () => {
    expect(spoiled(lab, "first/lab", "lab.tar", "files.sha256")).toEqual(ALL_FOUND);
    expect(spoiled(lab, "first/lab", "files.sha256", "lab.tar")).toEqual(ALL_FOUND);
  });

  test("is refused where a link stands in the place of a folder", () => {
    rmSync(at("experiments"), { recursive: true });
    symlinkSync("/elsewhere", at("experiments"));
    expect(failed(lab.part("backup", "/backups/linked"))).toContain("found experiments to be no folder");
  });
});

describe("the repository", () => {
  let git: PartContainer;
  const at = (...names: string[]) => join(folder, "repository", ...names);
  const run = (...args: string[]) =>
    git.run(
      "git",
      "-c",
      "safe.directory=*",
      "-C",
      "/repository",
      "-c",
      "user.name=test",
      "-c",
      "user.email=test@localhost",
      ...args,
    );
  const refs = () => `${run("symbolic-ref", "HEAD")}\n${run("show-ref", "--head")}`;

  beforeAll(() => {
    git = new PartContainer("git", "git", { options: ["--volume", `${at()}:/repository`] });
    execFileSync("chown", ["1234:4321", at()]);
    run("init", "--quiet", "--initial-branch=main");
    for (const text of ["one", "two"]) {
      writeFileSync(at("file"), text.repeat(10_000));
      run("add", "file");
      run("commit", "--quiet", "--message", text);
      run("tag", "--annotate", `v-${text}`, "--message", text);
    }
    run("branch", 'feature/"ü"');
    run("notes", "add", "--message", "a note");
    writeFileSync(at("file"), "stashed");
    run("stash", "--quiet");
  });

  test("comes back with every ref, is linked when none changed, and survives kills of its restore", () => {
    const before = refs();
    expect(succeeded(git.part("backup", "/backups/first/git", "/backups/before/git"))).toContain("7 refs, copied");
    succeeded(git.part("verify", "/backups/first/git"));
    writeFileSync(at("new"), "in no commit");
    expect(succeeded(git.part("backup", "/backups/second/git", "/backups/first/git"))).toMatch(
      /as in the backup before; 1 changed or new/,
    );
    expect(statSync(backup("second/git/repository.bundle")).ino).toBe(
      statSync(backup("first/git/repository.bundle")).ino,
    );

    run("tag", "later");
    run("update-ref", "-d", "refs/notes/commits");
    expect(succeeded(git.part("backup", "/backups/third/git", "/backups/second/git"))).toContain("7 refs, copied");
    let killed = 0;
    for (let seconds = 0.02; ; seconds *= 1.2) {
      const { code, text } = git.partKilledAfter(seconds, "restore", "/backups/first/git");
      if (code === 0) break;
      expect([code, text]).toEqual([137, expect.not.stringContaining("restore:")]);
      killed += 1;
    }
    expect(killed).toBeGreaterThan(0);
    expect(refs()).toBe(before);
    expect(run("fsck", "--full")).not.toContain("error");
    expect(run("status", "--porcelain")).toBe("");
    expect(readFileSync(at("file"), "utf8")).toBe("two".repeat(10_000));
    expect([statSync(at("file")).uid, statSync(at("file")).mode & 0o777]).toEqual([1234, 0o644]);
    const aside = readdirSync(at()).filter((name) => name.startsWith(".before-"));
    expect(aside.filter((name) => existsSync(at(name, "new")))).toHaveLength(1);
  });

  test("is read by plain tools", () => {
    const clone = [
      "git",
      "-c",
      "advice.detachedHead=false",
      "clone",
      "--quiet",
      "--branch",
      "v-one",
      "/backups/first/git/repository.bundle",
      "/tmp/clone",
    ];
    git.run(...clone);
    expect(git.run("cat", "/tmp/clone/file")).toBe("one".repeat(10_000));
  });

  test("comes back, bare and empty too, where its container only reads it", () => {
    const reading = new PartContainer("git", "git", { options: ["--volume", `${at()}:/repository:ro`] });
    for (const name of readdirSync(at())) rmSync(at(name), { recursive: true });
    succeeded(reading.restoreElsewhere("/backups/first/git"));
    const before = refs();
    run("config", "core.bare", "true");
    for (const name of readdirSync(at())) if (name !== ".git") rmSync(at(name), { recursive: true });
    for (const name of readdirSync(at(".git"))) renameSync(at(".git", name), at(name));
    rmSync(at(".git"), { recursive: true });
    expect(succeeded(reading.part("backup", "/backups/bare/git"))).toContain("7 refs");
    for (const name of readdirSync(at())) rmSync(at(name), { recursive: true });
    expect(failed(reading.part("backup", "/backups/none/git"))).toContain("found no git repository");
    succeeded(reading.restoreElsewhere("/backups/bare/git"));
    expect(refs()).toBe(before);
    expect(run("rev-parse", "--is-bare-repository")).toBe("true");

    for (const name of readdirSync(at())) rmSync(at(name), { recursive: true });
    run("init", "--quiet", "--initial-branch=main");
    expect(failed(reading.part("backup", "/backups/emptied/git", "/backups/first/git"))).toContain("has no refs");
    database("first", "1");
    database("empty", "2");
    expect(succeeded(reading.part("backup", "/backups/empty/git", "/backups/first/git"))).toContain("0 refs");
    succeeded(reading.part("verify", "/backups/empty/git"));
    succeeded(reading.restoreElsewhere("/backups/empty/git"));
    expect(run("symbolic-ref", "HEAD")).toBe("refs/heads/main");
  });

  test("spoiled, is found by its file's name", () => {
    expect(spoiled(git, "first/git", "repository.bundle", "refs.txt")).toEqual(ALL_FOUND);
    expect(spoiled(git, "first/git", "refs.txt", "repository.bundle")).toEqual(ALL_FOUND);
  });
});

const SEED = `
from s3 import Client
from urllib.parse import urlencode
client = Client(os.environ["MC_HOST_server"])
odd = ["odd/Å ✓", "odd/q\\"u'o<&>te", "odd/new\\nline", "odd/tab\\tx", "odd/per%20cent%", "odd/a b+c", "odd/~x", "odd/$(x)\`y\`;?z=1#w",
       " lead", "trail ", "star*", "a-b/c", "a/b", "folder/", "x" * 200 + "/" + "y" * 200]
for key in odd:
    client.request("PUT", "protea", key, body=b"" if key.endswith("/") else key.encode(), headers={
        "content-type": "application/x-odd", "cache-control": "max-age=5", "content-encoding": "gzip", "content-language": "de",
        "content-disposition": 'attachment; filename="ü.txt"', "expires": "Wed, 21 Oct 2026 07:28:00 GMT",
        "x-amz-meta-name": "Ångström  ✓", "x-amz-meta-n": "1", "x-amz-tagging": urlencode({"k 1": "v+=@ x", "empty": ""})})
for n in range(45):
    client.request("PUT", "protea", f"small/{n}", body=str(n).encode() * 1000, headers={"content-type": "text/plain"})
`;

/** Of the same size; its headers alone; its tags alone; removed; added. */
const CHANGES = `
from s3 import Client
client = Client(os.environ["MC_HOST_server"])
client.request("PUT", "protea", "small/1", body=b"X" * 1000, headers={"content-type": "text/plain"})
client.request("PUT", "protea", "small/2", body=b"2" * 1000, headers={"content-type": "text/html"})
client.request("PUT", "protea", "odd/q\\"u'o<&>te", query={"tagging": ""},
               body=b"<Tagging><TagSet><Tag><Key>only</Key><Value>tag</Value></Tag></TagSet></Tagging>")
client.remove("protea", "small/3")
client.request("PUT", "protea", "added later", body=b"added", headers={"x-amz-meta-mine": "yes"})
# No name that XML could have for an element: such a listing is not XML.
client.request("PUT", "protea", "odd/meta", body=b"odd", headers={"x-amz-meta-a!b": "x"})
`;

const EVERYTHING_CHANGES = `
from s3 import Client
client = Client(os.environ["MC_HOST_server"])
for listed in list(client.objects("protea")):
    if listed.size:
        client.request("PUT", "protea", listed.key, body=b"changed " + listed.key.encode())
`;

const hashesOf = (bucket: string) => `
import json
from s3 import Client
from bucket_store import Hashing
from files import in_threads
client = Client(os.environ["MC_HOST_server"])
def look(listed):
    digest = Hashing()
    client.get("${bucket}", listed.key, digest.start)
    return listed.key, [digest.sha256, client.tags("${bucket}", listed.key)]
print(json.dumps(dict(in_threads(look, client.objects("${bucket}"), 8))))
`;
