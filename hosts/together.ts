/** Several shell command lines on a stack's host in one round trip, beside each other. */
import type { HostSettings } from "../config/host.ts";
import { quote } from "./connection.ts";
import { patience, unanswered, type Ended } from "./docker.ts";
import { explained } from "./explain.ts";
import { onHost } from "./run.ts";

/**
 * `sh -c` runs it with the seconds that each may take, and the lines, as arguments. It prints for each its exit code and the bytes of its two
 * outputs, and then these. Kept in memory where that can be: a host whose disk is full is asked, too.
 */
const TOGETHER = `
folder=$(mktemp -d -p /dev/shm 2> /dev/null || mktemp -d) && trap 'rm -rf "$folder"' EXIT && cat > "$folder/input" || exit
patience=$1 n=0
shift
for line; do
  n=$((n + 1))
  { timeout "$patience" sh -c "$line" < "$folder/input" > "$folder/$n.out" 2> "$folder/$n.err"; echo $? > "$folder/$n.code"; } &
done
wait
for k in $(seq "$n"); do
  code=$(cat "$folder/$k.code") && [ "$code" ] || exit 1
  echo "$code $(wc -c < "$folder/$k.out") $(wc -c < "$folder/$k.err")"
  cat "$folder/$k.out" "$folder/$k.err"
done
`;

/** timeout's own exit code. */
const TOO_LONG = 124;

/**
 * What each prints and its exit code. Nothing is thrown, and none is waited for longer than for an answer of docker().
 * @param input the standard input of each
 * @returns as many as there are lines; where the host does not answer, each says so
 */
export function together(host: HostSettings, lines: string[], input = ""): Ended[] {
  if (lines.length === 0) return [];
  const all = onHost(
    host,
    ["sh", "-c", TOGETHER, "together", String(patience()), ...lines].map(quote).join(" "),
    input,
  );
  if (all.code !== 0) return lines.map(() => all);
  // Sizes are bytes.
  const bytes = Buffer.from(all.stdout);
  let at = 0;
  const take = (size: number) => bytes.subarray(at, (at += size)).toString();
  return lines.map((line) => {
    const [code, out, err] = take(bytes.indexOf("\n", at) + 1 - at)
      .split(" ")
      .map(Number) as [number, number, number];
    const end = { code, stdout: take(out), stderr: take(err) };
    return code === TOO_LONG ? unanswered(host, line.split(" ", 3).join(" ")) : explained(host, end);
  });
}
