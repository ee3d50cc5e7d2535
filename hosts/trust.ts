/** The keys that a host and its proxy show now, whatever is pinned: nothing is logged in to but the proxy, with the key it has just shown. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SshSettings } from "../config/host.ts";
import { sshConfig, sshFiles } from "./ssh.ts";

/** A machine of `host:ssh`, and the key that it shows. */
export interface ShownKey {
  /** Where the stack file says it, below `host:ssh`. */
  at: [] | ["proxy"];
  address: string;
  /** The keys that the stack file has of it. */
  pinned: string[];
  key: string;
  /** As `ssh-keygen -l` prints it, to be compared with what its administrator sees. */
  fingerprint: string;
}

/**
 * Asks the proxy first, then the host through it.
 * @throws Error with ssh's own words where one does not answer
 */
export function shownKeys(ssh: SshSettings): ShownKey[] {
  const folder = mkdtempSync(join(tmpdir(), "robotoff-protea-trust-"));
  try {
    const [config, known] = [join(folder, "config"), join(folder, "known_hosts")];
    const text = sshConfig(ssh)
      .replaceAll("StrictHostKeyChecking yes", "StrictHostKeyChecking accept-new\n  HashKnownHosts no")
      .replaceAll(sshFiles(ssh).knownHosts, known)
      .replaceAll(/^ *Control.*\n/gm, "");
    writeFileSync(config, text, { mode: 0o600 });
    writeFileSync(known, "", { mode: 0o600 });
    const machines = [...(ssh.proxy ? [{ at: ["proxy"] as ["proxy"], ...ssh.proxy }] : []), { at: [] as [], ...ssh }];
    return machines.map(({ at, address, hostKeys }) => {
      // Refused at the end, and with it known.
      const args = ["-F", config, "-o", "PreferredAuthentications=none", address, "--", "true"];
      const { stderr, error } = spawnSync("ssh", args, { encoding: "utf8" });
      if (error) throw error;
      const line = readFileSync(known, "utf8")
        .split("\n")
        .findLast((one) => one.startsWith(`${address} `) || one.startsWith(`[${address}]:`));
      if (line === undefined) throw new Error(`${address} showed no key: ${stderr.trim()}`);
      const key = line.split(" ").slice(1).join(" ");
      return { at, address, pinned: hostKeys, key, fingerprint: fingerprint(key) };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** As `ssh-keygen -l` prints it, without the file's comment. */
function fingerprint(key: string): string {
  const { stdout, status, stderr } = spawnSync("ssh-keygen", ["-lf", "-"], { input: `${key}\n`, encoding: "utf8" });
  if (status !== 0) throw new Error(`ssh-keygen: ${stderr.trim()}`);
  // 256 SHA256:… no comment (ED25519)
  const words = stdout.trim().split(" ");
  return `${words[1]} ${words.at(-1)} ${words[0]}`;
}
