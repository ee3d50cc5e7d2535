/** From a stack's configuration, as Pulumi hands it over, to one typed and checked object, or all its problems. */
import type { z } from "zod";
import { host, type HostSettings } from "./host.ts";
import { describeIssue, suggest, type Problem } from "./problems.ts";
import { monitoring, type MonitoringSettings } from "./monitoring.ts";
import { protea, type ProteaSettings } from "./protea.ts";
import { robotoff, type RobotoffSettings } from "./robotoff.ts";
import {
  hostSecrets,
  monitoringSecrets,
  pendingKey,
  proteaSecrets,
  robotoffSecrets,
  type Secret,
  type SecretForm,
} from "./secrets.ts";

/** The namespaces of a stack file. */
export const namespaces = { host, robotoff, protea, monitoring };
type Namespace = keyof typeof namespaces;

/** A stack's settings; a system that is not enabled is undefined. */
export interface Settings {
  host: HostSettings;
  robotoff?: RobotoffSettings;
  protea?: ProteaSettings;
  monitoring?: MonitoringSettings;
}

/** A stack's configuration as Pulumi hands it over: `NAMESPACE:KEY` to text (structured values as JSON). */
export interface RawConfiguration {
  stack: string;
  values: Record<string, string>;
  /** Keys whose values are encrypted; in `values` they are decrypted, or ENCRYPTED. */
  secretKeys: ReadonlySet<string>;
  /** Missing secrets are not a problem: what is declared is only looked at (a preview by someone without them). */
  withoutSecrets?: boolean;
}

/** The value of a secret for who cannot decrypt it. */
export const ENCRYPTED = "(encrypted)";

export interface Reading {
  settings: Settings;
  /** The secrets the stack uses: required, or set. */
  secrets: Secret[];
  problems: Problem[];
}

/** Every secret any stack may have. */
const all = [...hostSecrets({}), ...robotoffSecrets(true, true), ...proteaSecrets(true), ...monitoringSecrets()];
export const knownSecrets: ReadonlySet<string> = new Set(all.map((secret) => secret.key));
/** Their new values that wait (`make rotate`): nothing of a stack reads them. */
const pendingSecrets: ReadonlySet<string> = new Set([...knownSecrets].map(pendingKey));

/** What the value of a secret may be made of. */
export const formOf = (key: string): SecretForm => all.find((secret) => secret.key === key)!.form;

/** Names of a namespace's secrets. */
function secretNames(namespace: string): string[] {
  const prefix = `${namespace}:`;
  return [...knownSecrets].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
}

/** A scalar or structure from Pulumi's text form. */
function decode(text: string): unknown {
  if (!/^[[{"\d-]|^(true|false|null)$/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** A copy without what is at the paths, so that the rest can still be checked. */
function without(input: Record<string, unknown>, paths: PropertyKey[][]): Record<string, unknown> {
  const copy = structuredClone(input);
  for (const path of paths) {
    const parent = path.slice(0, -1).reduce<unknown>((value, step) => (value as never)?.[step], copy);
    if (parent && typeof parent === "object") delete (parent as Record<PropertyKey, unknown>)[path.at(-1)!];
  }
  return copy;
}

/** Checks one namespace. Where something is wrong, `value` is what remains without it, or undefined. */
function check<T>(namespace: Namespace, schema: z.ZodType<T>, input: Record<string, unknown>) {
  if ((input.enabled ?? namespace !== "monitoring") === false) return { value: undefined, problems: [] };
  const first = schema.safeParse(input);
  if (first.success) return { value: first.data, problems: [] };
  const issues = first.error.issues;
  const wrong = issues.flatMap((issue) =>
    issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path],
  );
  const problems = issues.flatMap((issue) => describeIssue(namespace, schema, issue, input, secretNames(namespace)));
  return { value: schema.safeParse(without(input, wrong)).data, problems };
}

/** Problems of the secrets: in clear, missing, of characters that not everybody takes. A value is never shown. */
function checkSecrets(raw: RawConfiguration, secrets: Secret[], generated: boolean): Problem[] {
  const set = (key: string) => `pulumi config set --secret ${key} --stack ${raw.stack}`;
  return secrets.flatMap(({ key, purpose, required, form, notGenerated }) => {
    const missingAllowed = raw.withoutSecrets || (generated && !notGenerated);
    const value = raw.values[key];
    if (value !== undefined && !raw.secretKeys.has(key))
      return [{ path: key, message: `found in clear, expected encrypted (${purpose}); set it again: ${set(key)}` }];
    if (value === "") return [{ path: key, message: `found empty (${purpose}); set it: ${set(key)}` }];
    if (value === undefined && required && !missingAllowed)
      return [{ path: key, message: `missing secret (${purpose}); set it: ${set(key)}` }];
    if (value !== undefined && value !== ENCRYPTED && !form.expression.test(value))
      return [
        {
          path: key,
          message: `found a value that not every program takes (${purpose}), expected ${form.expected}; set another: ${set(key)}`,
        },
      ];
    return [];
  });
}

/** A setting that is encrypted would be declared, and so stored and shown, in clear: nothing but secrets may be. */
function needlesslyEncrypted(key: string, namespace: string, name: string): Problem {
  const secrets = secretNames(namespace);
  const hint = secrets.length > 0 ? `; ${suggest(name, secrets)}` : "";
  return { path: key, message: `found encrypted, but it is none of the secrets${hint}` };
}

/** Sorts Pulumi's flat keys by namespace; secrets stay apart. */
function byNamespace(raw: RawConfiguration) {
  const input: Record<Namespace, Record<string, unknown>> = { host: {}, robotoff: {}, protea: {}, monitoring: {} };
  const problems: Problem[] = [];
  for (const [key, text] of Object.entries(raw.values)) {
    const [namespace, name] = key.split(":") as [string, string];
    if (namespace === "pulumi" || knownSecrets.has(key) || pendingSecrets.has(key)) continue;
    if (!Object.hasOwn(input, namespace))
      problems.push({ path: key, message: `unknown namespace; ${suggest(namespace, Object.keys(namespaces))}` });
    else if (raw.secretKeys.has(key)) problems.push(needlesslyEncrypted(key, namespace, name));
    else input[namespace as Namespace][name] = decode(text);
  }
  return { input, problems };
}

/** The secrets of the enabled systems; also of one whose settings could not be understood, so that none goes unsaid. */
function secretsOf(input: Record<Namespace, Record<string, unknown>>, settings: Settings): Secret[] {
  const { instance, elasticsearch } = settings.robotoff ?? (input.robotoff as Partial<RobotoffSettings>);
  return [
    ...hostSecrets(settings.host.backups?.copy),
    ...(input.robotoff.enabled === false
      ? []
      : robotoffSecrets(instance === "prod", elasticsearch?.security !== false)),
    ...(input.protea.enabled === false ? [] : proteaSecrets(settings.host.generateSecrets)),
    ...(input.monitoring.enabled === true ? monitoringSecrets(settings.monitoring?.receivers) : []),
  ];
}

/**
 * Reads a stack's configuration.
 * @param raw what Pulumi hands over
 * @returns what could be understood, and every problem found
 */
export function readSettings(raw: RawConfiguration): Reading {
  const { input, problems } = byNamespace(raw);
  const hostPart = check("host", host, input.host);
  const robotoffPart = check("robotoff", robotoff, input.robotoff);
  const proteaPart = check("protea", protea, input.protea);
  const monitoringPart = check("monitoring", monitoring, input.monitoring);
  const settings = {
    host: hostPart.value ?? host.parse({}),
    robotoff: robotoffPart.value,
    protea: proteaPart.value,
    monitoring: monitoringPart.value,
  };
  const secrets = secretsOf(input, settings).filter(
    (secret) => secret.required || raw.values[secret.key] !== undefined,
  );
  problems.push(...hostPart.problems, ...robotoffPart.problems, ...proteaPart.problems, ...monitoringPart.problems);
  problems.push(...checkSecrets(raw, secrets, settings.host.generateSecrets));
  return { settings, secrets, problems };
}
