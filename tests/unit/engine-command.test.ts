// How docker is called for each kind of host.
import { dockerCommand } from "../../hosts/connection.ts";

const settings = { protectVolumes: true, generateSecrets: false };
const logs = ["compose", "-p", "robotoff", "logs"];

test("this machine's engine, as docker itself finds it", () => {
  expect(dockerCommand(settings, logs)).toEqual(["docker", ...logs]);
});

test("another socket", () => {
  const docker = "unix:///run/other.sock";
  expect(dockerCommand({ ...settings, docker }, logs)).toEqual(["docker", "-H", docker, ...logs]);
});

test("another host: docker runs there, and its shell sees each word as it is", () => {
  const host = { ...settings, docker: "ssh://off@10.1.0.200", sshConfig: "hosts/ssh_config" };
  const target = ["ssh", "-F", "hosts/ssh_config", "ssh://off@10.1.0.200", "--"];
  expect(dockerCommand(host, ["ps", "--format", "{{.Names}} it's"])).toEqual([
    ...target,
    `docker ps --format '{{.Names}} it'\\''s'`,
  ]);
});
