/** The one message with everything that is wrong. */
import { ConfigurationError } from "../../../config/problems.ts";
import { describeStack } from "../../../systems/stack.ts";
import { MINIMAL, problemsOf, raw, type Values } from "../support/stack.ts";

const MESSAGE = `Pulumi.staging.yaml has 5 problems; nothing was changed:
  host:dockr: unknown key; did you mean "docker"?
  robotoff:services.api.memory: found "6 gigs", expected a size such as 512m or 2g
  protea:gpu: found "all", expected a value of type boolean
  protea:minioPassword: missing secret (root password of MinIO); set it: pulumi config set --secret protea:minioPassword --stack staging
  robotoff:services.postgres.ports: data port 0.0.0.0:5501 is on a public interface; expected 127.0.0.1:5501:5432`;

test("names the stack's file and every problem, of fields, secrets and rules", () => {
  const given = ["robotoff:postgresPassword", "robotoff:elasticPassword", "protea:postgresPassword"];
  const secrets = Object.fromEntries([...given, "protea:rabbitmqPassword"].map((key) => [key, "hunter2"]));
  const values = {
    ...MINIMAL,
    ...secrets,
    "host:dockr": "unix:///x",
    "robotoff:services": { api: { memory: "6 gigs" }, postgres: { ports: ["5501:5432"] } },
    "protea:gpu": "all",
  };
  const stack = raw(values, { stack: "staging", withoutSecrets: false, secretKeys: new Set(Object.keys(secrets)) });
  expect(() => describeStack(stack)).toThrow(ConfigurationError);
  expect(() => describeStack(stack)).toThrow(new Error(MESSAGE));
});

test("one problem is one", () => {
  expect(() => describeStack(raw({ ...MINIMAL, "protea:gpu": "all" }))).toThrow(
    'Pulumi.test.yaml has 1 problem; nothing was changed:\n  protea:gpu: found "all", expected a value of type boolean',
  );
});

test("where a field is wrong, what a rule says of its service is left out: it would mislead", () => {
  // With its default limit of 6 GiB in the place of the wrong one, the reservation would be too large.
  const services = { api: { memory: "16 gigs", memoryReservation: "8g" } };
  expect(problemsOf({ ...MINIMAL, "robotoff:services": services })).toEqual([
    'robotoff:services.api.memory: found "16 gigs", expected a size such as 512m or 2g',
  ]);
});

test("what a rule says of another service stays, even where its name begins alike", () => {
  const services = {
    "worker-embeddings": { memory: "16 gigs" },
    "worker-embeddings-batch": { memory: "1g", memoryReservation: "2g" },
  };
  expect(problemsOf({ ...MINIMAL, "protea:services": services })).toEqual([
    'protea:services.worker-embeddings.memory: found "16 gigs", expected a size such as 512m or 2g',
    "protea:services.worker-embeddings-batch.memoryReservation: 2 GiB is above the limit, memory: 1 GiB",
  ]);
});

test("what a rule says of a service stays beside an unknown service", () => {
  const services = { apii: {}, api: { memory: "1g", memoryReservation: "2g" } };
  expect(problemsOf({ ...MINIMAL, "robotoff:services": services })).toEqual([
    'robotoff:services.apii: unknown key; did you mean "api"?',
    "robotoff:services.api.memoryReservation: 2 GiB is above the limit, memory: 1 GiB",
  ]);
});

test.each<[string, Values, string[]]>([
  [
    "a pool: another pool's problem stays",
    {
      "robotoff:workers": [
        { name: "a", queues: ["robotoff-low"], memory: "6 gigs" },
        { name: "b", queues: ["robotoff-low"], memory: "1g", memoryReservation: "2g" },
      ],
    },
    ["robotoff:workers[0].memory", "robotoff:workers[1].memoryReservation"],
  ],
  [
    "a pool, of many",
    {
      "robotoff:workers": [
        ...Array.from({ length: 10 }, (_, index) => ({ name: `w${index}`, queues: ["robotoff-low"] })),
        { name: "a", queues: ["robotoff-low"], memory: "6 gigs" },
        { name: "b", queues: ["robotoff-low"], memory: "1g", memoryReservation: "2g" },
      ],
    },
    ["robotoff:workers[10].memory", "robotoff:workers[11].memoryReservation"],
  ],
  [
    "a key: that of another key stays, even where its name begins alike",
    { "protea:environment": 7, "protea:externalNetworks": ["robotoff_default"] },
    ["protea:environment", "protea:externalNetworks"],
  ],
  [
    "a key: what a rule says of the same key is left out",
    {
      "robotoff:services": { elasticsearch: { memory: "1g" } },
      "robotoff:elasticsearch": { heap: "2g", security: "maybe" },
    },
    ["robotoff:elasticsearch.security"],
  ],
])("what is wrong is %s", (_what, values, paths) => {
  expect(problemsOf({ ...MINIMAL, ...values }).map((problem) => problem.slice(0, problem.indexOf(": ")))).toEqual(
    paths,
  );
});
