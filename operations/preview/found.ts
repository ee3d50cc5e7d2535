/** What a refreshed preview found on the host that no declaration makes, and how it is put right. Pure. */
import type { Stack } from "../../systems/stack.ts";
import { IMAGE_LABEL } from "../../engines/docker/labels.ts";
import { isHealing, labelsOf, nameOf, UNKNOWN, type Change } from "./changes.ts";
import { effectsOf, grouped, type Effect } from "./effects.ts";
import { code, drift } from "./reasons.ts";

const REFRESH = "`make up ARGS=--refresh`";

/** Of what is gone from the host. */
const GONE: Record<string, string> = {
  Container: "is not there: `make up` makes it again",
  Network: "is not there: `make up` makes it again, with the containers that were in it",
  RemoteImage: "is not there: `make up` pulls it again",
  Volume: "is not there, nor is its data: `make up` makes it again, empty",
};

/** A job that has ended and was removed since is not missed, where the host has kept that it has (docs/deployments.md). */
const GONE_JOB = "is not there: `make up` runs it again, unless it has run to its end";
const isJob = ({ kind, before }: Change) => kind === "Container" && before?.mustRun === false;

const stops = ({ drifted, found }: Change) => drifted.includes("mustRun") && found?.mustRun === false;

/** A container that the host has otherwise. */
function container({ change, name, stateful }: Effect): string[] {
  const bold = stateful ? "**" : "";
  if (stops(change)) return [`- ${bold}${code(name)} does not run${bold}: \`make up\` starts it`];
  const what = drift(change);
  if (what.length === 0) return [];
  const how = isHealing(change)
    ? `${REFRESH} ${change.op === "replace" ? `${bold}replaces it${bold}` : "changes it back in place"}`
    : "put right with what is declared, above";
  return [`- ${code(name)}: ${what.join("; ")}: ${how}`];
}

/** Containers by the image whose tag has moved on the host. */
function moved(effects: Effect[]): string[] {
  const those = effects.filter(({ change: { drifted, after } }) => {
    const image = labelsOf(after).get(IMAGE_LABEL);
    return drifted.includes("labels") && image !== UNKNOWN;
  });
  const images = grouped(those, ({ change }) => String(change.after?.image));
  return [...images].map(([image, of]) => {
    const names = of.map(({ name, stateful }) => (stateful ? `**${code(name)}**` : code(name))).join(", ");
    return `- image ${code(image)} has another content on the host by now than what runs was made of: ${REFRESH} replaces ${names}`;
  });
}

/** A line for each; where both are shown, it is what is declared → what is there. */
export function found(stack: Stack, changes: Change[]): string[] {
  const gone = changes.filter((one) => one.gone && isHealing(one));
  const { containers } = effectsOf(
    stack,
    changes.filter((one) => !one.gone && one.drifted.length > 0),
  );
  const others = changes.filter((one) => !one.gone && one.kind !== "Container" && one.kind !== "Command");
  return [
    ...gone.map((one) => {
      const text = `${one.kind === "RemoteImage" ? "image" : one.kind.toLowerCase()} ${code(nameOf(one))} ${isJob(one) ? GONE_JOB : (GONE[one.kind] ?? "is not there")}`;
      return `- ${one.kind === "Volume" ? `**${text}**` : text}`;
    }),
    ...containers.flatMap(container),
    ...moved(containers),
    ...others
      .filter((one) => one.drifted.length > 0)
      .map((one) => `- ${one.kind.toLowerCase()} ${code(nameOf(one))}: ${drift(one).join("; ")}: ${REFRESH}`),
  ];
}
