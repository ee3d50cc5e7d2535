/**
 * Runs a created container to its end; its exit code decides. Running it again is the way to try again, so a job
 * must be idempotent. On failure the last log lines go where Pulumi shows them, cut to lines it can read.
 */
export function jobScript(container: string): string {
  return `docker start ${container} >/dev/null
code=$(docker wait ${container})
if [ "$code" != 0 ]; then
  echo "job ${container} failed with exit code $code; its last log lines:" >&2
  docker logs --tail 20 ${container} 2>&1 | cut -c1-1000 >&2
  exit 1
fi`;
}
