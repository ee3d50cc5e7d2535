/** Tells the alerts what `make drift` saw: by a text file for node_exporter, beside those that backups write. */
import { dockerOutput } from "../../hosts/docker.ts";
import { POSTGRES_BACKUP } from "../../systems/servers/postgres-backup.ts";
import { containerName } from "../../systems/spec.ts";
import type { Stack } from "../../systems/stack.ts";

const FILE = '"$BACKUPS/metrics/drift.prom"';

/** As Prometheus reads it. @param at seconds since 1970: of a look that is old as well somebody is told */
export const driftMetrics = (differences: number, at: number): string =>
  [
    ...["# TYPE robotoff_protea_drift_differences gauge", `robotoff_protea_drift_differences ${differences}`],
    ...["# TYPE robotoff_protea_drift_timestamp_seconds gauge", `robotoff_protea_drift_timestamp_seconds ${at}`],
    "",
  ].join("\n");

/**
 * Written by a container that has the folder of backups: on a host it is not this user's to write to.
 * @returns why nobody can be told, where that is so
 */
export function tell({ host, systems }: Stack, differences: number): string | undefined {
  if (!systems.some(({ name }) => name === "monitoring")) return "the alerts are not told: the stack is not watched";
  const having = systems.find(({ services }) => services.some(({ name }) => name === POSTGRES_BACKUP));
  if (!having) return "the alerts are not told: without host:backups there is no folder for it";
  const script = `cat > ${FILE}.new && chmod 644 ${FILE}.new && mv ${FILE}.new ${FILE}`;
  const container = containerName(having, POSTGRES_BACKUP, 1);
  const text = driftMetrics(differences, Math.floor(Date.now() / 1_000));
  dockerOutput(host, ["exec", "-i", container, "sh", "-c", script], text);
  return undefined;
}
