/**
 * `make rollback`: back to what was deployed before, its images and its settings, by the program of this checkout. It says what that
 * changes, writes the stack file, and runs the same `up` as always.
 */
import { show } from "../hosts/docker.ts";
import { run } from "./command.ts";
import { confirm } from "./confirm.ts";
import { look } from "./containers/look.ts";
import { alike, deployed } from "./deployments/record.ts";
import {
  chosen,
  declaredBy,
  differences,
  effects,
  migratedSince,
  missingOf,
  namesOf,
  textBack,
  volumesLost,
  wayOut,
} from "./deployments/back.ts";
import { BACK, deploymentsOf } from "./deployments/host.ts";
import { imageIds } from "./images/pull.ts";
import { readStack, readStackFile, stackFile, writeStackFile } from "./stack.ts";
import { titled } from "./table.ts";

export const done = run(["to", "migrated", "yes"], async ({ stack: name, to, migrated, yes }) => {
  const before = readStackFile(name);
  const stack = readStack(name, before);
  const { host } = stack;
  const all = deploymentsOf(host, name).slice(0, BACK + 1);
  const seen = look({ stack: name }, stack);
  const ended = Object.entries(all[0]?.containers ?? {}).filter(([container]) => seen.ended.has(container));
  const now = deployed(before, seen.inspected, Object.fromEntries(ended));
  const target = chosen(all, to, (one) => !alike(one, now));
  const there = imageIds(host, namesOf(target));
  const { pull, gone } = missingOf(target, there);
  if (gone.length > 0)
    throw new Error(
      [
        "nothing was changed; images that are not here any more:",
        ...gone.map((one) => `  ${wayOut(one, target.commit)}`),
      ].join("\n"),
    );
  const after = textBack(name, target, before, there);
  const then = declaredBy(name, after);
  const volumes = volumesLost(stack.systems, then.systems);
  if (volumes.length > 0)
    throw new Error(
      `nothing was changed: ${target.stamp} had no volume ${volumes.join(", ")}, whose data would go. Change ` +
        `${stackFile(name)} by hand, with the volume in it: ${differences(before, after).join("; ")}`,
    );
  const since = migratedSince(then.systems, target, [...all.slice(0, all.indexOf(target)).reverse(), now]);
  if (since.length > 0 && migrated !== "1")
    throw new Error(
      `nothing was changed: since ${target.stamp} a migration ran of ${since.join(" and ")}, and an older version may not know what it ` +
        "made of the database. MIGRATED=1 goes back all the same; make backups has the checkpoint before it, for make restore AT=",
    );
  const { anew, come, go } = effects(then, target, now.containers);
  const what = [
    `back to ${target.stamp}, by ${target.by}${target.commit ? `, of the commit ${target.commit.slice(0, 12)}; the program stays this checkout's` : ""}`,
    ...titled("settings", differences(before, after)),
    ...titled("made anew, each away from its stop until it is healthy", anew),
    ...titled("come", come),
    ...titled("go", go),
    ...titled("to be pulled first", pull),
  ];
  await confirm(what.join("\n"), host.protectVolumes ? yes : "1");
  writeStackFile(name, after);
  console.log(`${stackFile(name)}: written; commit it when all is well`);
  // All of it has been asked.
  return show([process.execPath, "operations/up.ts", "--stack", name, "--yes", "1"]);
});
