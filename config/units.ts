/**
 * Sizes, durations and published ports in the forms Compose accepts.
 * https://docs.docker.com/reference/compose-file/extension/#specifying-byte-values
 */
import { isIP } from "node:net";
import { PATH } from "./names.ts";

/** The forms as regular expressions without flags, so that the JSON Schema can have them too. */
export const FORMS = {
  size: /^\s*(\d+(?:\.\d+)?)\s*(?:([bkmgtBKMGT])[bB]?)?\s*$/,
  postgresSize: /^(\d+)\s*(kB|MB|GB|TB)$/,
  duration: /^\s*(?:\d+(?:\.\d+)?(?:ms|s|m|h))+\s*$/,
  port: /^(?:(\[[0-9a-fA-F:]+\]|\d+\.\d+\.\d+\.\d+):)?(\d+):(\d+)(?:\/(tcp|udp))?$/,
  mount: new RegExp(`^(${PATH}|[a-zA-Z0-9][a-zA-Z0-9_.-]*):(${PATH})(?::(ro|rw))?$`),
};

const BYTES: Record<string, number> = { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };
const MILLISECONDS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Bytes of a Compose size (`512m`, `2g`, `1.5gb`, `1048576`), or undefined when it is none. */
export function parseSize(text: string | number): number | undefined {
  const match = FORMS.size.exec(String(text));
  if (!match) return undefined;
  return Math.round(Number(match[1]) * BYTES[(match[2] ?? "b").toLowerCase()]!);
}

const POSTGRES_BYTES: Record<string, number> = { kB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 };

/**
 * Bytes of a PostgreSQL memory setting (`8GB`), or undefined when it is none. A number alone, which PostgreSQL takes in
 * a unit of each setting's own, is refused. https://www.postgresql.org/docs/current/config-setting.html
 */
export function parsePostgresSize(text: string): number | undefined {
  const match = FORMS.postgresSize.exec(text);
  return match ? Number(match[1]) * POSTGRES_BYTES[match[2]!]! : undefined;
}

/** Whole milliseconds, Docker's least, of a Compose duration (`30s`, `1m30s`, `500ms`), or undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (!FORMS.duration.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  return Math.round(parts.reduce((sum, part) => sum + Number(part[1]) * MILLISECONDS[part[2]!]!, 0));
}

/** A duration as Docker prints it back, so that a refresh finds no difference (`1m30s`, `500ms`). */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${milliseconds}ms`;
  const hours = Math.floor(milliseconds / 3_600_000);
  const minutes = Math.floor((milliseconds % 3_600_000) / 60_000);
  const seconds = (milliseconds % 60_000) / 1_000;
  return `${hours ? `${hours}h` : ""}${hours || minutes ? `${minutes}m` : ""}${seconds}s`;
}

/** Seconds for people, rather too many: `90 s`, `3 min`. */
export const formatSeconds = (seconds: number): string =>
  seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;

/** A size for people: `512 MiB`, `2 GiB`. */
export function formatSize(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const exponent = bytes === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${Number((bytes / 2 ** (10 * exponent)).toFixed(1))} ${units[exponent]}`;
}

/** A container port published on the host, as Compose's short form `[ADDRESS:]HOST:CONTAINER[/PROTOCOL]` says it. */
export interface Port {
  /** Host address it listens on. Default, as in Compose: 0.0.0.0, every interface. */
  address: string;
  host: number;
  container: number;
  protocol: "tcp" | "udp";
}

/** The port a Compose short form declares, or undefined when it is none. */
export function parsePort(text: string): Port | undefined {
  const match = FORMS.port.exec(text);
  if (!match) return undefined;
  const [host, container] = [Number(match[2]), Number(match[3])];
  if ([host, container].some((port) => port < 1 || port > 65_535)) return undefined;
  const address = match[1]?.replace(/[[\]]/g, "") ?? "0.0.0.0";
  if (isIP(address) === 0) return undefined;
  return { address, host, container, protocol: (match[4] ?? "tcp") as Port["protocol"] };
}

/** A mount, as Compose's short form `VOLUME-OR-HOST-PATH:TARGET[:ro]` says it. */
export interface Mount {
  /** A volume of the system by its short name (`postgres-data`), or an absolute path on the host. */
  source: string;
  target: string;
  readOnly: boolean;
  /** Where the stack file names the source, when that is not among the service's own volumes. */
  path?: string;
}

/** The mount a Compose short form declares, or undefined when it is none. */
export function parseMount(text: string): Mount | undefined {
  const match = FORMS.mount.exec(text);
  return match ? { source: match[1]!, target: match[2]!, readOnly: match[3] === "ro" } : undefined;
}
