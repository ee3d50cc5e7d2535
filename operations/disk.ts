/** `make disk`: what images, containers, volumes, build cache and logs take, and what the disk has left. Changes nothing. */
import { formatSize } from "../config/units.ts";
import { runScript, showScript } from "../hosts/run.ts";
import { run } from "./command.ts";
import { dataRoot, imagesSize, usageOf } from "./disk/engine.ts";
import { COLUMNS, largestVolumes, usageRows } from "./disk/usage.ts";
import { readStack } from "./stack.ts";
import { table } from "./table.ts";

export const done = run([], ({ stack }) => {
  const { host } = readStack(stack);
  const usage = usageOf(host);
  const rows = usageRows(usage, imagesSize(host));
  const root = dataRoot(host);
  showScript(host, "disk", [root]);
  const { code, stdout, stderr } = runScript(host, "disk", [root]);
  const [logs, ...free] = stdout.trimEnd().split("\n");
  console.log(table(COLUMNS, rows));
  const known = /^\d+$/.test(logs ?? "");
  console.log(
    `containers' logs: ${known ? formatSize(Number(logs) * 1024) : "root's alone to see; of this program's containers, at most 30 MB each"}`,
  );
  const volumes = largestVolumes(usage, 5);
  if (volumes.length > 0) console.log(`\n${table(["volume", "size"], volumes)}`);
  console.log(`\n${root}\n${free.join("\n")}`);
  if (code !== 0) throw new Error(stderr.trim() || `df of ${root} ended with exit code ${code}`);
  return 0;
});
