// How each kind of host is reached: by docker, by the Docker provider, by scripts.
import { dockerCommand, endsWithUs, providerArguments, quote, shell, sshCommand } from "../../../hosts/connection.ts";

const settings = { protectVolumes: true, generateSecrets: false };
const ssh = { address: "10.1.0.200", user: "off", port: 22, hostKeys: [], connections: 8 };
const FAR = { ...settings, ssh };
const FAR_WORDS = ["ssh", "-F", ".local/ssh/10.1.0.200/config", "10.1.0.200", "--"];
const logs = ["compose", "-p", "robotoff", "logs"];

test("this machine's engine, as docker itself finds it", () => {
  expect(dockerCommand(settings, logs)).toEqual(["docker", ...logs]);
});

test("another socket", () => {
  const docker = "unix:///run/other.sock";
  expect(dockerCommand({ ...settings, docker }, logs)).toEqual(["docker", "-H", docker, ...logs]);
});

test("another host: docker runs there, and its shell sees each word as it is", () => {
  expect(dockerCommand(FAR, ["ps", "--format", "{{.Names}} it's"])).toEqual([
    ...FAR_WORDS,
    `docker ps --format '{{.Names}} it'\\''s'`,
  ]);
});

test("what runs until somebody ends it has a terminal there: without one it would go on when its ssh is gone", () => {
  expect(endsWithUs(dockerCommand(FAR, logs))).toEqual(["ssh", "-tt", ...dockerCommand(FAR, logs).slice(1)]);
  expect(endsWithUs(dockerCommand(settings, logs))).toEqual(dockerCommand(settings, logs));
});

const OWN = settings;
const SOCKET = { ...settings, docker: "unix:///run/other.sock" };

test.each([
  ["this machine's engine", OWN, undefined, { interpreter: ["/bin/sh", "-c"], environment: undefined }],
  [
    "another socket",
    SOCKET,
    undefined,
    { interpreter: ["/bin/sh", "-c"], environment: { DOCKER_HOST: "unix:///run/other.sock" } },
  ],
  ["another machine", FAR, FAR_WORDS, { interpreter: FAR_WORDS }],
])("%s: ssh's words, and what runs a command line", (_what, host, words, command) => {
  expect(sshCommand(host)).toEqual(words);
  expect(shell(host)).toStrictEqual(command);
});

test.each([
  [OWN, { host: undefined, sshOpts: undefined }],
  [SOCKET, { host: "unix:///run/other.sock", sshOpts: undefined }],
  [FAR, { host: "ssh://off@10.1.0.200:22", sshOpts: ["-F", ".local/ssh/10.1.0.200/config"] }],
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
