/** Where the values of secrets are looked for: everywhere but in the files that containers read them from. */
import { spawn, type ChildProcess } from "node:child_process";
import { globSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { EXEC } from "../../../engines/docker/secrets.ts";
import { SECRETS } from "../../../systems/spec.ts";
import { failed, succeeded } from "../host.ts";
import type { TestStack } from "../stack.harness.ts";

/** A secret that is configured, of whatever one line of text may have; of all others it is known what was generated. */
export const PLANTED = { key: "robotoff:offPassword", value: `hunter2 "$(x)" 'y' %41 \\n ` };

/** Writes the command lines of all of the machine's processes into a file, each once, until it is ended. */
const SAMPLER = `const { appendFileSync, readdirSync, readFileSync } = require("node:fs"), seen = new Set();
setInterval(() => { for (const pid of readdirSync("/proc").filter((name) => +name)) try {
  const line = readFileSync("/proc/" + pid + "/cmdline", "utf8");
  if (!seen.has(line)) { seen.add(line); appendFileSync(process.argv[1], line + "\\n"); }
} catch {} }, 30);`;

/** What ran while something was done. */
export class Processes {
  private readonly file: string;
  private readonly child: ChildProcess;

  constructor(stack: TestStack) {
    this.file = join(stack.folder, `processes-${process.hrtime.bigint()}`);
    this.child = spawn(process.execPath, ["-e", SAMPLER, this.file], { stdio: "ignore" });
  }

  /** Their command lines. */
  end(): string {
    this.child.kill();
    const lines = readFileSync(this.file, "utf8").replaceAll("\0", " ");
    rmSync(this.file);
    return lines;
  }
}

/** The values of a stack's secrets, as its containers read them, by where they are. */
export function valuesOf(stack: TestStack): Map<string, string> {
  const folder = `${process.env.HOME}/.local/share/robotoff-protea/secrets/${stack.name}-*`;
  const files = globSync(`${folder}/*/*`).filter((file) => !file.endsWith("/exec"));
  const part = (text: string) => /^\w+(?:\+\w+)?:\/\/[^:]+:([^@]+)@/.exec(text)?.[1] ?? text;
  return new Map(files.map((file) => [file, part(readFileSync(file, "utf8"))]));
}

/** The places in which one of the values is. */
export function leaks(values: Iterable<string>, places: Record<string, string>): string[] {
  const all = [...new Set(values)].flatMap((value) => [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
  ]);
  return Object.entries(places).flatMap(([place, text]) => (all.some((value) => text.includes(value)) ? [place] : []));
}

/** @param processes that ran while the stack came up */
export function secrets(get: () => TestStack, processes: () => string): void {
  describe("secrets", () => {
    const lines = (...args: string[]) =>
      get()
        .docker(...args)
        .split("\n")
        .filter(Boolean);
    /** All that Docker tells of what carries the stack's label. */
    const engine = () => {
      const names = lines(
        "ps",
        "--all",
        "--filter",
        `label=robotoff-protea.stack=${get().name}`,
        "--format",
        "{{.Names}}",
      );
      const images = [...new Set(lines("inspect", "--format", "{{.Image}}", ...names))];
      const logs = names.map((name) => `docker logs ${name} 2>&1 | sed 's/^/${name}: /'`).join("; ");
      return {
        "docker inspect": get().docker("inspect", ...names),
        "docker image inspect": get().docker("image", "inspect", ...images),
        "docker history": images.map((id) => get().docker("history", "--no-trunc", id)).join("\n"),
        "docker logs": get().host.shell(logs).text,
      };
    };

    test("reach their containers whole, and nobody else of the host but root", () => {
      const values = valuesOf(get());
      expect(values.size).toBeGreaterThan(20);
      for (const name of [get().container("robotoff", "api"), get().container("robotoff", "worker-1")]) {
        const print = ["exec", name, EXEC, "sh", "-c", 'printf "%s|" "$OFF_PASSWORD"'];
        expect(get().docker(...print)).toBe(`${PLANTED.value}|`);
        // The process that serves has it, too.
        const own = get().docker(
          "exec",
          name,
          "sh",
          "-c",
          "tr '\\0' '\\n' < /proc/1/environ | sed -n s/^OFF_PASSWORD=//p; echo '|'",
        );
        expect(own).toBe(`${PLANTED.value}\n|`);
      }
      const write = [
        "exec",
        "--user",
        "root",
        get().container("protea", "api"),
        "sh",
        "-c",
        `echo x > ${SECRETS}/PROTEA_DB_URL`,
      ];
      expect(failed(get().host.tryDocker(...write))).toContain("Read-only file system");
      const folder = '"$HOME"/.local/share/robotoff-protea/secrets';
      expect(succeeded(get().host.shell(`stat -c %a ${folder} ${folder}/${get().name}-protea`)).trim()).toBe(
        "700\n700",
      );
    });

    test("are nowhere else: Docker, processes, the state and its backend, compose files, previews, drift, status", () => {
      const stack = get();
      const values = new Set(valuesOf(stack).values());
      expect(values).toContain(PLANTED.value);
      const places = {
        ...engine(),
        "processes of the first up": processes(),
        drift: stack.operation("drift", "--json", "1").text,
        status: succeeded(stack.operation("status")),
        compose: succeeded(stack.operation("compose", "--out", "-")),
        preview: succeeded(stack.operation("preview")),
        "pulumi's preview": succeeded(stack.preview("--diff")),
        "the exported state": succeeded(stack.pulumi("stack", "export", "--stack", stack.name)),
        "the backend's files": globSync(`${stack.folder}/state/.pulumi/**/*`, { withFileTypes: true })
          .filter((one) => one.isFile())
          .map((one) => readFileSync(join(one.parentPath, one.name), "latin1"))
          .join("\n"),
      };
      expect(leaks(values, places)).toEqual([]);
      for (const [place, text] of Object.entries(places)) expect([place, text.length > 30]).toEqual([place, true]);
    });

    test("would be found there", () => {
      const stack = get();
      const [value] = [...valuesOf(stack).values()] as [string];
      const name = `${stack.name}-leak`;
      const running = new Processes(stack);
      const given = [
        "--env",
        `LEAK=${value}`,
        stack.docker("inspect", "--format", "{{.Image}}", stack.container("robotoff", "redis")),
      ];
      stack.docker(
        "run",
        "--name",
        name,
        "--label",
        `robotoff-protea.stack=${stack.name}`,
        ...given,
        "sh",
        "-c",
        'printf "%s\\n" "$LEAK"; sleep 0.3',
      );
      stack.docker("commit", name, `${stack.name}/leak:1`);
      try {
        const config = stack.docker("image", "inspect", `${stack.name}/leak:1`);
        const found = leaks([value], { ...engine(), "its image": config, processes: running.end(), nothing: "x" });
        expect(found).toEqual(["docker inspect", "docker logs", "its image", "processes"]);
        expect(leaks([PLANTED.value], { json: JSON.stringify({ a: PLANTED.value }) })).toEqual(["json"]);
      } finally {
        stack.docker("rm", "--force", "--volumes", name);
        stack.docker("rmi", "--force", `${stack.name}/leak:1`);
      }
    });
  });
}
