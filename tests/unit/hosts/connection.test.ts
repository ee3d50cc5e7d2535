// How each kind of host is reached: by docker, by the Docker provider, by scripts.
import { dockerCommand, providerArguments, quote, shell, sshCommand } from "../../../hosts/connection.ts";

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

const OWN = settings;
const SOCKET = { ...settings, docker: "unix:///run/other.sock" };
const SSH = { ...settings, docker: "ssh://off@10.1.0.200" };
const PROXIED = { ...SSH, sshConfig: "hosts/ssh_config" };
const DIRECT_WORDS = ["ssh", "ssh://off@10.1.0.200", "--"];
const PROXIED_WORDS = ["ssh", "-F", "hosts/ssh_config", "ssh://off@10.1.0.200", "--"];

test.each([
  ["this machine's engine", OWN, undefined, { interpreter: ["/bin/sh", "-c"], environment: undefined }],
  [
    "another socket",
    SOCKET,
    undefined,
    { interpreter: ["/bin/sh", "-c"], environment: { DOCKER_HOST: "unix:///run/other.sock" } },
  ],
  ["another host", SSH, DIRECT_WORDS, { interpreter: DIRECT_WORDS }],
  ["another host by a proxy", PROXIED, PROXIED_WORDS, { interpreter: PROXIED_WORDS }],
])("%s: ssh's words, and what runs a command line", (_what, host, words, command) => {
  expect(sshCommand(host)).toEqual(words);
  expect(shell(host)).toStrictEqual(command);
});

test.each([
  [OWN, { host: undefined, sshOpts: undefined }],
  [SOCKET, { host: "unix:///run/other.sock", sshOpts: undefined }],
  [PROXIED, { host: "ssh://off@10.1.0.200", sshOpts: ["-F", "hosts/ssh_config"] }],
])("%j: the provider's arguments", (host, expected) => {
  expect(providerArguments(host)).toStrictEqual(expected);
});

test.each([
  ["plain-1.2_3/x:y=z@a,b+c", "plain-1.2_3/x:y=z@a,b+c"],
  ["", "''"],
  ["a b", "'a b'"],
  ["$HOME", "'$HOME'"],
  ["it's", "'it'\\''s'"],
  ["a;b", "'a;b'"],
  [";a", "';a'"],
])("%j as a word of a shell: %s", (word, quoted) => {
  expect(quote(word)).toBe(quoted);
});
