/** OpenSSH's files for a host, whole, and as ssh itself reads them. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { knownHosts, pulumiEnvironment, sshConfig, writeSshFiles } from "../../../hosts/ssh.ts";

const [ONE, TWO] = ["A", "B"].map((letter) => `ssh-ed25519 ${letter.repeat(68)}`) as [string, string];
const settings = { protectVolumes: true, generateSecrets: false };
const proxy = { address: "ovh1.example.org", user: "jump", port: 2222, hostKeys: [TWO] };
const direct = { address: "10.1.0.200", user: "off", port: 22, hostKeys: [ONE], connections: 8 };
const proxied = { ...direct, proxy, identity: "~/.ssh/deploy" };

test("known_hosts has the pinned keys, and nobody else's", () => {
  expect(knownHosts(direct)).toBe(`10.1.0.200 ${ONE}\n`);
  expect(knownHosts(proxied)).toBe(`10.1.0.200 ${ONE}\n[ovh1.example.org]:2222 ${TWO}\n`);
  expect(knownHosts({ ...direct, hostKeys: [] })).toBe("");
});

describe("ssh_config, as ssh reads it", () => {
  const folder = mkdtempSync(join(tmpdir(), "ssh-config-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const read = (ssh: typeof direct, address: string): Record<string, string> => {
    writeFileSync(join(folder, "config"), sshConfig(ssh));
    const { stdout, stderr, status } = spawnSync("ssh", ["-T", "-G", "-F", join(folder, "config"), address], {
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    return Object.fromEntries(stdout.split("\n").map((line) => line.split(/ (.*)/s) as [string, string]));
  };
  const STRICT = {
    stricthostkeychecking: "true",
    globalknownhostsfile: "none",
    userknownhostsfile: ".local/ssh/10.1.0.200/known_hosts",
    passwordauthentication: "no",
  };

  test("of a host that is reached directly", () => {
    const found = read(direct, "10.1.0.200");
    expect(found).toMatchObject({ ...STRICT, user: "off", port: "22", batchmode: "yes", controlmaster: "auto" });
    expect(found.controlpath).toMatch(/\/\.ssh\/robotoff-protea-[0-9a-f]{12}$/);
    expect(found.proxyjump).toBeUndefined();
  });

  test("of one behind a proxy, and of the proxy: the same rules, and no shared connection of its own", () => {
    expect(read(proxied, "10.1.0.200")).toMatchObject({
      ...STRICT,
      proxyjump: "ovh1.example.org",
      identityfile: "~/.ssh/deploy",
    });
    const found = read(proxied, "ovh1.example.org");
    expect(found).toMatchObject({
      ...STRICT,
      user: "jump",
      port: "2222",
      identityfile: "~/.ssh/deploy",
      identitiesonly: "yes",
    });
    expect(found.controlpath).toBeUndefined();
  });
});

test("two machines of one address never share a connection: another proxy or another key is another machine", () => {
  const socket = (ssh: Parameters<typeof sshConfig>[0]) => /ControlPath (.*)/.exec(sshConfig(ssh))![1];
  const others = [
    { ...proxied, hostKeys: [TWO] },
    { ...proxied, proxy: { ...proxy, address: "198.51.100.1" } },
    direct,
  ];
  expect(new Set([proxied, ...others].map(socket)).size).toBe(4);
  expect(socket({ ...proxied })).toBe(socket(proxied));
});

test("the files are private, and are written again only where the stack file says something else", () => {
  const folder = mkdtempSync(join(tmpdir(), "ssh-files-"));
  const before = process.cwd();
  process.chdir(folder);
  try {
    writeSshFiles({ ...settings });
    writeSshFiles({ ...settings, ssh: proxied });
    const at = join(folder, ".local/ssh/10.1.0.200");
    expect(statSync(at).mode & 0o777).toBe(0o700);
    const files = ["config", "known_hosts"].map((name) => join(at, name));
    expect(files.map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600]);
    expect(readFileSync(files[1]!, "utf8")).toBe(knownHosts(proxied));
    const inodes = () => files.map((file) => statSync(file).ino);
    const known = inodes();
    writeSshFiles({ ...settings, ssh: proxied });
    expect(inodes()).toEqual(known);
    writeSshFiles({ ...settings, ssh: { ...proxied, hostKeys: [TWO] } });
    expect(readFileSync(files[1]!, "utf8")).toContain(`10.1.0.200 ${TWO}\n`);
  } finally {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  }
});

test("Pulumi does no more at a time than one connection carries", () => {
  expect(pulumiEnvironment({ ...settings })).toEqual({});
  expect(pulumiEnvironment({ ...settings, ssh: direct })).toEqual({ PULUMI_PARALLEL: "8" });
});
