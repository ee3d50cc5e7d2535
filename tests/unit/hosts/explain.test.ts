// What is added to a failure of ssh or docker, whose words are OpenSSH 9.2's and Docker 26's and 28's.
import type { SshSettings } from "../../../config/host.ts";
import { explained } from "../../../hosts/explain.ts";

const OWN = { protectVolumes: true, generateSecrets: false };
const direct: SshSettings = { address: "10.1.0.200", user: "off", port: 22, hostKeys: [], connections: 8 };
const proxy = { address: "ovh1.example.org", user: "jump", port: 22, hostKeys: [] };
const ssh: SshSettings = { ...direct, proxy };
const FAR = { ...OWN, ssh };

const added = (host: typeof OWN & { ssh?: SshSettings }, code: number, said: string) => {
  const { stderr, ...rest } = explained(host, { code, stdout: "out", stderr: said });
  expect(rest).toEqual({ code, stdout: "out" });
  expect(stderr.startsWith(said.trimEnd())).toBe(true);
  return stderr.slice(said.trimEnd().length).trim();
};

describe("the way there", () => {
  test.each<[string, string]>([
    [
      "No ED25519 host key is known for 10.1.0.200 and you have requested strict checking.\nHost key verification failed.\n",
      "make trust STACK=… shows the key that it has now",
    ],
    [
      "no such identity: /root/.ssh/deploy: No such file or directory\noff@10.1.0.200: Permission denied (publickey).\n",
      "the host 10.1.0.200 (host:ssh) takes none of the keys here for off: ssh-add -l lists them, host:ssh.identity names another; there, its public half belongs into ~off/.ssh/authorized_keys",
    ],
    [
      "jump@ovh1.example.org: Permission denied (publickey,password).\n",
      "the proxy ovh1.example.org (host:ssh.proxy) takes none of the keys here for jump: ",
    ],
    [
      "ssh: Could not resolve hostname ovh1.example.org: Name or service not known\n",
      "nobody knows the name of the proxy ovh1.example.org (host:ssh.proxy): ",
    ],
    [
      "ssh: connect to host ovh1.example.org port 22: Connection timed out\n",
      "the proxy ovh1.example.org (host:ssh.proxy) does not answer at port 22: is it on, is this machine's network, and is that its address? by hand: ssh -F .local/ssh/10.1.0.200/config ovh1.example.org",
    ],
    [
      "channel 0: open failed: connect failed: No route to host\nstdio forwarding failed\n",
      "the proxy ovh1.example.org answers, and the host 10.1.0.200 behind it does not at port 22: ",
    ],
    [
      "channel 0: open failed: administratively prohibited: open failed\nstdio forwarding failed\n",
      "the proxy ovh1.example.org lets nobody through to other machines: AllowTcpForwarding",
    ],
    [
      "Connection timed out during banner exchange\nConnection to 10.1.0.200 port 22 timed out\n",
      "the way to 10.1.0.200 ended while it was used",
    ],
    ["kex_exchange_identification: read: Connection reset by peer\n", "the way to 10.1.0.200 ended while it was used"],
    ["Timeout, server 10.1.0.200 not responding.\n", "the way to 10.1.0.200 ended while it was used"],
  ])("%j", (said, expected) => {
    expect(added(FAR, 255, said)).toContain(expected);
    // An exit code of the command's own, whatever it printed.
    expect(added(FAR, 1, said)).toBe("");
    expect(added(OWN, 255, said)).toBe("");
  });

  test("the file of the key, where the stack file names it; a host without a proxy", () => {
    const named = { ...OWN, ssh: { ...direct, identity: "~/.ssh/deploy" } };
    expect(added(named, 255, "off@10.1.0.200: Permission denied (publickey).\n")).toContain(
      "takes none of the keys here for off: host:ssh.identity is ~/.ssh/deploy; there",
    );
    expect(added(named, 255, "ssh: connect to host 10.1.0.200 port 22: No route to host\n")).toContain(
      "the host 10.1.0.200 (host:ssh) does not answer at port 22",
    );
  });
});

describe("docker", () => {
  const OLD =
    "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get …: dial unix /var/run/docker.sock: connect: permission denied";
  const NEW = "permission denied while trying to connect to the docker API at unix:///var/run/docker.sock";
  test.each<[string, string, string]>([
    [OLD, "An administrator types there: sudo usermod -aG docker off", "sudo usermod -aG docker USER, and log in anew"],
    [NEW, "An administrator types there: sudo usermod -aG docker off", "sudo usermod -aG docker USER, and log in anew"],
    [
      "sh: 45: docker: not found",
      "there is no docker on 10.1.0.200: install Docker Engine 25",
      "there is no docker on this machine",
    ],
    [
      "bash: line 1: docker: command not found",
      "there is no docker on 10.1.0.200: ",
      "there is no docker on this machine",
    ],
    [
      "checks, before any change: docker version failed: timeout: failed to run command 'docker': No such file or directory",
      "there is no docker on 10.1.0.200: ",
      "there is no docker on this machine",
    ],
    ["docker: spawnSync docker ENOENT", "there is no docker on 10.1.0.200: ", "there is no docker on this machine"],
    [
      "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
      "the engine on 10.1.0.200 does not run. An administrator types there: sudo systemctl start docker",
      "the engine of this machine does not run: sudo systemctl start docker",
    ],
  ])("%s", (said, far, here) => {
    expect(added(FAR, 1, `${said}\n`)).toContain(far);
    expect(added(OWN, 127, `${said}\n`)).toContain(here);
    expect(added(OWN, 0, `${said}\n`)).toBe("");
  });

  test("what needs no explanation gets none", () => {
    for (const said of ["", "Error: No such container: x\n", "mkdir: cannot create directory: Permission denied\n"])
      for (const host of [FAR, OWN]) expect(explained(host, { code: 1, stdout: "", stderr: said }).stderr).toBe(said);
  });
});
