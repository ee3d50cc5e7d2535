/** Secrets: which ones a stack needs, and what is said of each. */
import { ENCRYPTED, readSettings } from "../../../config/read.ts";
import { proteaSecrets, robotoffSecrets } from "../../../config/secrets.ts";
import { MINIMAL, problemsOf, raw, type Values } from "../support/stack.ts";

const ROBOTOFF_ALONE: Values = {
  "robotoff:images": MINIMAL["robotoff:images"],
  "robotoff:checkout": MINIMAL["robotoff:checkout"],
  "protea:enabled": false,
};
const PROTEA_ALONE: Values = { "protea:images": MINIMAL["protea:images"], "robotoff:enabled": false };

const missing = (key: string, purpose: string) =>
  `${key}: missing secret (${purpose}); set it: pulumi config set --secret ${key} --stack test`;

const POSTGRES = missing("robotoff:postgresPassword", "password of PostgreSQL");
const ELASTIC = missing("robotoff:elasticPassword", "password of Elasticsearch's user elastic");
const PRODUCTION = [
  missing("robotoff:offPassword", "OFF_PASSWORD, account of Open Food Facts"),
  missing("robotoff:sentryDsn", "SENTRY_DSN, error reports"),
  missing("robotoff:influxdbAuthToken", "INFLUXDB_AUTH_TOKEN, metrics"),
  missing("robotoff:batchJobKey", "BATCH_JOB_KEY, imports of batch jobs"),
  missing("robotoff:googleCredentials", "GOOGLE_CREDENTIALS, a service account's JSON in base64"),
  missing("robotoff:nutripatrolToken", "AUTH_BEARER_TOKEN_NUTRIPATROL, reports to the image moderation service"),
];
const PROTEA = [
  missing("protea:postgresPassword", "password of PostgreSQL"),
  missing("protea:rabbitmqPassword", "password of RabbitMQ"),
  missing("protea:minioPassword", "root password of MinIO"),
];

/** Problems when missing secrets count. */
const problems = (values: Values, secretKeys: string[] = []) =>
  problemsOf(values, { withoutSecrets: false, secretKeys: new Set(secretKeys) });

test.each<[string, Values, string[]]>([
  ["Robotoff", ROBOTOFF_ALONE, [POSTGRES, ELASTIC]],
  [
    "Robotoff without Elasticsearch's security",
    { ...ROBOTOFF_ALONE, "robotoff:elasticsearch": { security: false } },
    [POSTGRES],
  ],
  ["Robotoff in production", { ...ROBOTOFF_ALONE, "robotoff:instance": "prod" }, [POSTGRES, ELASTIC, ...PRODUCTION]],
  ["PROTEA", PROTEA_ALONE, PROTEA],
  ["both", MINIMAL, [POSTGRES, ELASTIC, ...PROTEA]],
])("%s: what is missing", (_, values, expected) => {
  expect(problems(values)).toEqual(expected);
});

test("missing secrets are also reported of a system whose settings are wrong", () => {
  expect(problems({ "robotoff:images": { robotoff: "x" }, "protea:enabled": false })).toEqual([
    expect.stringMatching(/^robotoff:images.robotoff: found "x"/),
    POSTGRES,
    ELASTIC,
  ]);
});

test("none is missing where they are generated, or where one only looks", () => {
  expect(problems({ ...MINIMAL, "host:protectVolumes": false, "host:generateSecrets": true })).toEqual([]);
  expect(problemsOf(MINIMAL, { withoutSecrets: true })).toEqual([]);
});

test.each<[string, Values, string[]]>([
  ["nowhere else", {}, []],
  [
    "where secrets are generated",
    { "host:protectVolumes": false, "host:generateSecrets": true },
    ["protea:adminToken"],
  ],
  [
    "where they are set",
    { "protea:adminToken": "a", "protea:jwtSecret": "b" },
    ["protea:adminToken", "protea:jwtSecret"],
  ],
])("PROTEA's API has secrets of its own %s", (_, values, expected) => {
  const { secrets } = readSettings(raw({ ...PROTEA_ALONE, ...values }));
  expect(secrets.map(({ key }) => key).filter((key) => !key.endsWith("Password"))).toEqual(expected);
});

test("set and encrypted: no problem", () => {
  const keys = [
    "protea:postgresPassword",
    "protea:rabbitmqPassword",
    "protea:minioPassword",
    "protea:adminToken",
    "protea:jwtSecret",
  ];
  const values = Object.fromEntries(keys.map((key) => [key, "hunter2-hunter2"]));
  expect(problems({ ...PROTEA_ALONE, ...values }, keys)).toEqual([]);
});

test.each([true, false])("in clear (without secrets: %s): reported, and its value is not shown", (withoutSecrets) => {
  const values = {
    ...PROTEA_ALONE,
    "host:protectVolumes": false,
    "host:generateSecrets": true,
    "protea:minioPassword": "hunter2",
  };
  expect(problemsOf(values, { withoutSecrets })).toEqual([
    "protea:minioPassword: found in clear, expected encrypted (root password of MinIO); set it again: " +
      "pulumi config set --secret protea:minioPassword --stack test",
  ]);
});

test("an optional secret in clear is reported as well", () => {
  expect(problemsOf({ ...ROBOTOFF_ALONE, "robotoff:sentryDsn": "https://hunter2@example.org/1" })).toEqual([
    "robotoff:sentryDsn: found in clear, expected encrypted (SENTRY_DSN, error reports); set it again: " +
      "pulumi config set --secret robotoff:sentryDsn --stack test",
  ]);
});

test("empty: reported", () => {
  const values = {
    ...PROTEA_ALONE,
    "host:protectVolumes": false,
    "host:generateSecrets": true,
    "protea:minioPassword": "",
  };
  expect(problems(values, ["protea:minioPassword"])).toEqual([
    "protea:minioPassword: found empty (root password of MinIO); set it: " +
      "pulumi config set --secret protea:minioPassword --stack test",
  ]);
});

test("a setting that is encrypted without being a secret: reported, and its value is not shown", () => {
  const values = { ...MINIMAL, "robotoff:environment": { TOKEN: "hunter2" }, "host:docker": "unix:///x" };
  expect(problemsOf(values, { secretKeys: new Set(["robotoff:environment", "host:docker"]) })).toEqual([
    "robotoff:environment: found encrypted, but it is none of the secrets; expected one of batchJobKey, " +
      "elasticPassword, googleCredentials, influxdbAuthToken, nutripatrolToken, offPassword, postgresPassword, sentryDsn",
    "host:docker: found encrypted, but it is none of the secrets; expected one of copyPassword, copyServerPassword",
  ]);
});

test("a secret whose name is misspelt", () => {
  const values = { ...MINIMAL, "robotoff:postgressPassword": "hunter2" };
  expect(problemsOf(values, { secretKeys: new Set(["robotoff:postgressPassword"]) })).toEqual([
    'robotoff:postgressPassword: found encrypted, but it is none of the secrets; did you mean "postgresPassword"?',
  ]);
});

test("a stack uses the secrets it needs and those that are set", () => {
  const values = { ...ROBOTOFF_ALONE, "robotoff:sentryDsn": "x" };
  const { secrets } = readSettings(raw(values, { secretKeys: new Set(["robotoff:sentryDsn"]) }));
  expect(secrets.map((secret) => secret.key)).toEqual([
    "robotoff:postgresPassword",
    "robotoff:elasticPassword",
    "robotoff:sentryDsn",
  ]);
});

test("generated where volumes are protected: refused", () => {
  expect(problemsOf({ ...PROTEA_ALONE, "host:generateSecrets": true }, { withoutSecrets: true })).toEqual([
    "host:generateSecrets: found true, expected false where volumes are protected: " +
      "data that must not be lost cannot depend on a password in the state alone",
  ]);
});

const URL_SAFE = "letters, digits and - . _ ~";
const ASCII = "letters, digits and signs of ASCII, no blank";
/** Of each secret: what is fine, values that are, values that are not. */
const forms: [string, string, string[], string[]][] = [
  ["protea:postgresPassword", URL_SAFE, ["a", "A0-._~"], ["hunter2%", "hunter2@", "hunter2\n", "hunter 2", "hunter2é"]],
  ["protea:rabbitmqPassword", URL_SAFE, ["a"], ["hunter2%", "hunter2;", "hunter2\n"]],
  ["protea:minioPassword", `at least eight ${URL_SAFE}`, ["hunter_2"], ["hunter2", "hunter2:hunter2"]],
  ["protea:adminToken", ASCII, ["A0+/="], ["hunter 2", "hunter2\n"]],
  ["protea:jwtSecret", ASCII, ["A0+/="], ["hunter2\n"]],
  ["robotoff:elasticPassword", URL_SAFE, ["a"], ['hunter2"', "hunter2\\", "hunter2/", "hunter2\n"]],
  ["robotoff:postgresPassword", ASCII, ["!\"#$%&'()*+,-./0:;<=>?@A[\\]^_`a{|}~"], ["hunter 2", "hunter2\n", "hünter2"]],
  ["robotoff:sentryDsn", ASCII, ["https://0a@sentry.example.org/1"], ["hunter2\n"]],
  ["robotoff:influxdbAuthToken", ASCII, ["0a=="], ["hunter2\r\nhunter2: 1"]],
  ["robotoff:batchJobKey", ASCII, ["0a"], ["hunter2\n"]],
  ["robotoff:nutripatrolToken", ASCII, ["0a"], ["hunter2 2"]],
  ["robotoff:offPassword", "one line of text", ["hünter 2"], ["hunter2\n", "hunter\u00002"]],
  [
    "robotoff:googleCredentials",
    "base64 in one line (base64 -w0)",
    ["e30=", "e30K"],
    ['{"hunter2":1}', "aHVudGVyMg\n=="],
  ],
];
const all = [...robotoffSecrets(true, true), ...proteaSecrets(true)];

test("every secret has a form that is tried here, and that a generated value has", () => {
  expect(forms.map(([key]) => key).sort()).toEqual(all.map(({ key }) => key).sort());
  expect(all.filter(({ form }) => !form.expression.test("0123456789abcdef0123456789abcdef"))).toEqual([]);
});

describe.each(forms)("%s", (key, expected, right, wrong) => {
  const { purpose } = all.find((secret) => secret.key === key)!;
  const found = (value: string) => problemsOf({ ...MINIMAL, [key]: value }, { secretKeys: new Set([key]) });

  test.each(right)("%j is taken", (value) => {
    expect(found(value)).toEqual([]);
  });

  test.each(wrong)("%j is refused by name, without its value", (value) => {
    expect(found(value)).toEqual([
      `${key}: found a value that not every program takes (${purpose}), expected ${expected}; set another: ` +
        `pulumi config set --secret ${key} --stack test`,
    ]);
  });

  test("encrypted still, as the daily commands see it, it is not judged", () => {
    expect(found(ENCRYPTED)).toEqual([]);
  });
});
