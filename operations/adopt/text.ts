/** What an adoption says before it begins. Pure. */
import { formatSeconds } from "../../config/units.ts";
import { patience } from "../../engines/docker/container-args.ts";
import { nameOf } from "../drift/containers.ts";
import { table, titled } from "../table.ts";
import { some } from "./differences.ts";
import type { Looked } from "./look.ts";
import { adoptionOf } from "./look.ts";
import type { Handover } from "./old.ts";
import type { Secrets } from "./secrets.ts";
import { shownSetting } from "./settings.ts";

/** At most: it ends sooner, and is healthy sooner, than it is given time for. */
function gapRow({ name, service, old }: Handover, stop: number): Record<"today" | "then" | "away", string> {
  const start = patience(service);
  const job = service.kind === "job";
  const away = job
    ? "- (a job, run again)"
    : `${formatSeconds(stop)} to stop, ${start === undefined ? "then started" : `${formatSeconds(start)} to be healthy`}, at most`;
  return { today: old.map(nameOf).join(", "), then: name, away };
}

export interface Plan extends Pick<Looked, "handovers" | "settings" | "notes" | "differences" | "aside"> {
  secrets: Pick<Secrets, "taken" | "kept">;
  /** The parts of the backup, by system; undefined: none is made, and why. */
  backup: { made: string[]; left: string[] } | string;
}

export function planText(plan: Plan): string {
  const taken = plan.handovers.filter(({ old }) => old.length > 0);
  const stops = adoptionOf(taken);
  const rows = taken.map((one) => gapRow(one, Math.max(...stops[one.name]!.map(({ seconds }) => seconds))));
  const fresh = plan.handovers.filter(({ old }) => old.length === 0).map(({ name }) => name);
  const backup = typeof plan.backup === "string" ? [plan.backup] : [
    `${plan.backup.made.join(", ")}: backed up and verified, before anything is touched`,
    ...plan.backup.left.map((name) => `${name}: cannot be before it is handed over (its server knows no folder for snapshots); its volume is not touched, and it is in the first backup after`),
  ]; // prettier-ignore
  return [
    ...plan.differences,
    ...titled("worth knowing", plan.notes),
    ...titled("1. written into the stack file, so that what is there is used as it is", plan.settings.map(shownSetting)),
    ...titled("2. secrets that the stack gets from the containers that have them", plan.secrets.taken.map(({ key, from }) => `${key} (${from})`)),
    ...titled("   other than in today's containers, and given to the new ones", plan.secrets.kept.map(({ key, from }) => `${key} (${from})`)),
    ...titled("3. backup", backup),
    ...(rows.length > 0 ? ["4. handed over, servers first, each when what it needs is healthy; volumes and networks stay as they are:", table(["today", "then", "away"], rows)] : []),
    ...titled("   made besides", fresh.length > 0 ? [some(fresh)] : []),
    ...titled("   set aside by a run before, which this one continues", plan.aside.map(nameOf)),
    "Today's containers are renamed NAME-set-aside-TIME and kept, stopped: the way back is make adopt BACK=1.",
  ].join("\n"); // prettier-ignore
}
