/** `make deployments`: what was deployed on a stack's host, when, by whom, and whether its images are still there. */
import { imageIds } from "./images/pull.ts";
import { run } from "./command.ts";
import { differences, missingOf, namesOf } from "./deployments/back.ts";
import { BACK, deploymentsOf } from "./deployments/host.ts";
import type { Deployed, Deployment } from "./deployments/record.ts";
import { readStack } from "./stack.ts";
import { table } from "./table.ts";

/** In how much one differs from the one before it. */
function news(one: Deployed, before: Deployed | undefined): string {
  if (!before) return "the first";
  const settings = differences(before.file, one.file).length;
  const names = new Set([...Object.keys(one.containers), ...Object.keys(before.containers)]);
  const containers = [...names].filter((name) => one.containers[name]?.id !== before.containers[name]?.id).length;
  return [...(settings ? [`${settings} settings`] : []), ...(containers ? [`${containers} containers`] : [])].join(
    ", ",
  );
}

export const done = run([], ({ stack }) => {
  const { host } = readStack(stack);
  const all = deploymentsOf(host, stack);
  if (all.length === 0) {
    console.log(`no deployment of ${stack} is known: make up keeps each, on the host`);
    return 0;
  }
  const there = imageIds(host, all.slice(0, BACK + 1).flatMap(namesOf));
  const images = (one: Deployment, index: number) => {
    if (index > BACK) return "-";
    const { pull, gone } = missingOf(one, there);
    const missing = [
      ...(pull.length ? [`${pull.length} to be pulled`] : []),
      ...(gone.length ? [`${gone.length} gone`] : []),
    ];
    return missing.join(", ") || "here";
  };
  const rows = all.map((one, index) => ({
    deployment: one.stamp,
    by: one.by,
    commit: one.commit ? `${one.commit.slice(0, 12)}${one.changed ? " and changes" : ""}` : "-",
    news: news(one, all[index + 1]),
    images: images(one, index),
  }));
  console.log(table(["deployment", "by", "commit", "news", "images"], rows));
  return 0;
});
