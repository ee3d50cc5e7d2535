// `make readable`: a state for who may look and not touch. No secret is in it, and all else is as it was.
import { placeholder } from "../../../config/secrets.ts";
import { hidden, type Exported } from "../../../operations/readable/hidden.ts";

const secret = (plain: unknown) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  plaintext: JSON.stringify(plain),
});
const PASSWORD = 'hunter2/"$&"';
const VALUES = new Map([
  ["protea:postgresPassword", PASSWORD],
  // One is the beginning of the other.
  ["protea:rabbitmqPassword", `${PASSWORD}more`],
]);
const state = (resource: object): Exported => ({
  version: 3,
  deployment: { manifest: { time: "now" }, resources: [{ urn: "a", ...resource }] },
});
const [database, queue] = [placeholder("protea:postgresPassword"), placeholder("protea:rabbitmqPassword")];

test("each secret is what a preview without secrets has for it, in clear or within a URL", () => {
  const before = state({
    inputs: {
      envs: [
        "PLAIN=1",
        secret(`PASSWORD=${PASSWORD}`),
        secret(`URL=postgresql://protea:${encodeURIComponent(PASSWORD)}@postgres`),
        secret(`OTHER=${PASSWORD}more`),
      ],
    },
  });
  expect(hidden(before, VALUES)).toEqual(
    state({
      inputs: {
        envs: [
          "PLAIN=1",
          secret(`PASSWORD=${database}`),
          secret(`URL=postgresql://protea:${database}@postgres`),
          secret(`OTHER=${queue}`),
        ],
      },
    }),
  );
});

test("of a secret structure what is no secret stays; one of which nothing is known is hidden whole", () => {
  const before = state({
    outputs: { envs: secret(["A=1", `B=${PASSWORD}`]), stdout: secret("who knows"), n: secret(3) },
  });
  expect(hidden(before, VALUES)).toEqual(
    state({ outputs: { envs: secret(["A=1", `B=${database}`]), stdout: secret("(hidden)"), n: secret(3) } }),
  );
});

test("a value that stands where it is no secret is refused, by its name alone", () => {
  const refusal = () => hidden(state({ inputs: { command: `psql ${PASSWORD}` } }), VALUES);
  expect(refusal).toThrow(
    "the value of protea:postgresPassword is in the state where it is no secret; nothing was written",
  );
});

test("a state that was exported encrypted is refused", () => {
  const encrypted = { ...secret(""), plaintext: undefined, ciphertext: "v1:x" };
  expect(() => hidden(state({ inputs: encrypted }), VALUES)).toThrow("the state's secrets are not in clear");
});
