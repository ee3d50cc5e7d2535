import { join } from "node:path";
import { parse } from "yaml";
import { failed, must, succeeded } from "../../engine/host.ts";
import { ADDRESS, PROXY, type Lab } from "../lab.ts";
import type { Map, Rehearsal } from "../rehearsal.ts";

interface Ssh extends Map {
  hostKeys?: string[];
  proxy: Map & { hostKeys?: string[] };
}

const ADMINISTRATOR = /types there, once: sudo sh -c '(.*)'/;

/** A host's keys, what is in the way there, and what a new host has not: refused with what to do, and nothing is touched. */
export function way(get: () => { lab: Lab; rehearsal: Rehearsal }): void {
  describe("the way to a host", () => {
    const address = ADDRESS.ovh200;
    const on = (...words: string[]) => get().lab.on("ovh200", ...words);
    const make = (target: string, ...variables: string[]) => get().rehearsal.make(target, "staging", ...variables);
    const up = () => make("up", "SYSTEM=protea");
    /** Without a yes. */
    const trust = () => get().rehearsal.run("make", "trust", "STACK=staging");
    const otherwise = (change: (config: Map) => void, action: () => void) =>
      get().rehearsal.changed("staging", change, action);
    const sshOf = (config: Map) => config["host:ssh"] as Ssh;
    const reached = (change: Map, action: () => void) =>
      otherwise((config) => Object.assign(sshOf(config), change), action);
    const containers = () => on("docker", "ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Names}}");

    test("without a pinned key it is refused; make trust shows the keys, and pins them after a yes", () => {
      const { lab, rehearsal } = get();
      const ssh = () => sshOf((parse(rehearsal.text("staging")) as { config: Map }).config);
      const pinned = ssh();
      const forget = (config: Map) => {
        delete sshOf(config).hostKeys;
        delete sshOf(config).proxy.hostKeys;
      };
      otherwise(forget, () => {
        expect(failed(make("status"))).toContain("Host key verification failed");
        const said = failed(trust());
        expect(said).toContain(`${PROXY}: ${lab.fingerprint("proxy")} (ED25519) 256: not pinned yet\n`);
        expect(said).toContain(`${address}: ${lab.fingerprint("ovh200")} (ED25519) 256: not pinned yet\n`);
        expect(said).toContain("nothing was changed");
        expect(ssh().hostKeys).toBeUndefined();
        succeeded(make("trust"));
        expect(ssh()).toEqual(pinned);
        expect(succeeded(trust())).toContain(": as pinned\n");
      });
    });

    test("another key than the pinned one is refused", () => {
      const before = containers();
      reached({ hostKeys: [get().lab.hostKey("proxy")] }, () => {
        const said = failed(up());
        expect(said).toContain("Host key verification failed");
        expect(said).toContain("make trust STACK=");
        expect(failed(trust())).toContain(": ANOTHER KEY THAN THE PINNED\n");
      });
      succeeded(make("status", "SYSTEM=protea"));
      expect(containers()).toBe(before);
    });

    test("what is in the way is said, with what to do", () => {
      const { lab, rehearsal } = get();
      const before = containers();
      const said = () => failed(make("status"));
      otherwise(
        (config) => Object.assign(sshOf(config).proxy, { port: 2 }),
        () => expect(said()).toContain(`the proxy ${PROXY} (host:ssh.proxy) does not answer at port 2: `),
      );
      reached({ port: 2 }, () =>
        expect(said()).toContain(`the proxy ${PROXY} answers, and the host ${address} behind it does not at port 2: `),
      );
      const identity = join(lab.folder, "another");
      must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", identity);
      reached({ identity }, () =>
        expect(said()).toContain(
          `the proxy ${PROXY} (host:ssh.proxy) takes none of the keys here for off: host:ssh.identity is ${identity}; `,
        ),
      );
      const pulumi = () => failed(rehearsal.run("bin/pulumi", ..."up --yes --skip-preview --stack staging".split(" ")));
      try {
        on("gpasswd", "--delete", "off", "docker");
        // What is open has the groups of before.
        rehearsal.disconnect("staging");
        const forbidden = pulumi();
        expect(forbidden).toContain("checks, before any change: docker version failed: ");
        expect(forbidden).toContain(
          `off may not use Docker on ${address}. An administrator types there: sudo usermod -aG docker off`,
        );
        on("usermod", "--append", "--groups", "docker", "off");
        rehearsal.disconnect("staging");
        on("mv", "/usr/bin/docker", "/usr/bin/away");
        expect(pulumi()).toContain(`there is no docker on ${address}: install Docker Engine 25 or newer`);
      } finally {
        on(
          "sh",
          "-c",
          "usermod --append --groups docker off; [ ! -e /usr/bin/away ] || mv /usr/bin/away /usr/bin/docker",
        );
        rehearsal.disconnect("staging");
      }
      expect(containers()).toBe(before);
    });

    test("a new host: what needs root is refused with the one command, the rest is made, and made again when it is gone", () => {
      const before = containers();
      const [own, foreign, volume] = ["/home/off/new/x", "/srv/new/x", "new-volume"];
      const owner = (path: string) => on("stat", "-c", "%U %F", path);
      const isThere = (path: string) => get().lab.tryOn("ovh200", "stat", path).code === 0;
      const volumes = () => on("docker", "volume", "ls", "--quiet", "--filter", `name=${volume}`);
      const change = (config: Map) => {
        config["protea:volumes"] = { made: { external: true, name: volume } };
        config["host:prepare"] = { folders: [{ path: own }, { path: foreign }], volumes: [volume] };
      };
      otherwise(change, () => {
        const refused = failed(up());
        expect(refused).toContain(
          `the folder ${foreign} does not exist, and is not this user's to make (host:prepare.folders)`,
        );
        expect([volumes(), isThere(own)]).toEqual(["", false]);
        // As the administrator does.
        on("sh", "-c", ADMINISTRATOR.exec(refused)![1]!);
        succeeded(up());
        expect([volumes(), owner(own), owner(foreign)]).toEqual([volume, "off directory", "off directory"]);
        succeeded(make("preview", "SYSTEM=protea", "ARGS=--expect-no-changes --non-interactive"));
        on("rmdir", own);
        expect(succeeded(up())).toContain(`not there (host:prepare): made: folder ${own}`);
        expect(owner(own)).toBe("off directory");
      });
      expect(containers()).toBe(before);
    });
  });
}
