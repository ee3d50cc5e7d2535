/** `make restore INTO=…`: a part of a backup into a server that is none of this stack's. */
import { readFileSync } from "node:fs";
import type { Backup } from "../../backups/list.ts";
import { certificatesIn, describeInto, intoCommand, otherWords, parseInto, SECRET } from "../../backups/into.ts";
import type { HostSettings } from "../../config/host.ts";
import { runInstalled } from "../../hosts/installed.ts";
import type { SystemSpec } from "../../systems/spec.ts";
import { checkFrom } from "../backups/systems.ts";
import { confirm } from "../confirm.ts";
import { secretOf } from "../secret.ts";

/** What of one system goes there. */
export interface Planned {
  system: SystemSpec;
  base: Backup;
  /** Whether it is the database, and which other parts. */
  database: boolean;
  others: string[];
}

/** What CA= names, on the machine where the command is typed. */
function authority(file: string | undefined): string {
  if (file === undefined) return "";
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(`CA=${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  return certificatesIn(text, file);
}

/**
 * @param options ca: the file with the certificate of the authority that the other server's certificate is of
 * @returns the script's exit code
 */
export async function into(
  host: HostSettings,
  text: string,
  planned: Planned[],
  { ca, dry, from, yes }: { ca?: string; dry?: string; from?: string; yes?: string },
): Promise<number> {
  const certificates = authority(ca);
  const other = parseInto(text, ca !== undefined);
  const [first, ...more] = planned;
  const { system, base, database, others } = first!;
  const fits = other.kind === "postgres" ? database && others.length === 0 : !database && others.join() === "bucket";
  if (more.length > 0 || !fits)
    throw new Error(
      "found INTO=: a PostgreSQL takes one database, of SYSTEM=, without ONLY=; an S3 server takes SYSTEM=protea ONLY=bucket",
    );
  const words = describeInto(system, base, other, from);
  if (dry) {
    console.log(words);
    return 0;
  }
  await confirm(words, yes);
  const secret = await secretOf(SECRET[other.kind], `of ${otherWords(other)}`);
  if (from) checkFrom(host, system, from, base);
  const { script, args, beside } = intoCommand(system, host, base, other, from);
  return runInstalled(host, script, args, beside, `${secret}\n${certificates}`);
}
