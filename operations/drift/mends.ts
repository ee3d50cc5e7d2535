/** How a fact of a container becomes as declared. Pure. */
import { PIDS_LIMIT, type Difference, type ShownArguments } from "../../engines/docker/declared-facts.ts";
import { byDocker, replacing, type Mend } from "./rows.ts";

/**
 * What docker changes while the container runs; undefined: only another container can have it. A limit that nothing declares is none of
 * them: docker takes none back.
 */
function inPlace(name: string, args: ShownArguments, { fact, declared, found }: Difference): Mend | undefined {
  if (fact.startsWith("network ") && fact !== "network mode") {
    const network = fact.slice("network ".length);
    const joined = args.networksAdvanced?.find((one) => one.name === network);
    const aliases = joined?.aliases ?? [];
    const connect = ["network", "connect", ...aliases.flatMap((alias) => ["--alias", alias]), network, name];
    const commands = [
      ...(found === undefined ? [] : [["network", "disconnect", network, name]]),
      ...(declared === undefined ? [] : [connect]),
    ];
    return byDocker(...commands);
  }
  if (declared === undefined) return undefined;
  // The one may not be below the other in between.
  if (fact === "memory" || fact === "memory swap")
    return byDocker(["update", "--memory", `${args.memory}m`, "--memory-swap", `${args.memorySwap}m`, name]);
  if (fact === "memory reservation")
    return byDocker(["update", "--memory-reservation", `${args.memoryReservation}m`, name]);
  if (fact === "cpu shares") return byDocker(["update", "--cpu-shares", declared, name]);
  if (fact === PIDS_LIMIT) return byDocker(["update", "--pids-limit", declared, name]);
  if (fact === "restart") return byDocker(["update", "--restart", args.restart!, name]);
  return undefined;
}

/** @param urn of the container */
export const mended = (name: string, urn: string, args: ShownArguments, difference: Difference): Mend =>
  inPlace(name, args, difference) ?? replacing(urn);
