/**
 * `make digests`: asks the registries, from the stack's host and as it would pull, which content each image's tag has now, and
 * after a yes writes that digest behind the tag in the stack file. From then on a tag that moves changes nothing.
 */
import { readSettings } from "../config/read.ts";
import type { HostSettings } from "../config/host.ts";
import { dockerApi } from "../hosts/api.ts";
import { imageSettings } from "../systems/image-settings.ts";
import { throughRegistry } from "../systems/registry.ts";
import { run } from "./command.ts";
import { confirm } from "./confirm.ts";
import { parts, short, withImage } from "./images/pinned.ts";
import { rawConfiguration, readStack, readStackFile, stackFile, writeStackFile } from "./stack.ts";
import { table } from "./table.ts";

/**
 * The engine asks, so that its mirrors, proxies and certificates count; it downloads nothing.
 * https://docs.docker.com/reference/api/engine/version/v1.47/#tag/Distribution
 */
async function digestOf(host: HostSettings, image: string): Promise<string> {
  const { Descriptor } = (await dockerApi(host, `/distribution/${image}/json`)) as { Descriptor: { digest: string } };
  return Descriptor.digest;
}

export const done = run(["yes"], async ({ stack, yes }) => {
  const text = readStackFile(stack);
  const { host, systems } = readStack(stack, text);
  const { settings } = readSettings(rawConfiguration(stack, text));
  const tagged = imageSettings(settings, systems).flatMap(({ path, image }) =>
    typeof image === "string" && parts(image).tagged ? [{ path, ...parts(image) }] : [],
  );
  const failures: string[] = [];
  const found: ((typeof tagged)[number] & { now: string })[] = [];
  for (const one of tagged)
    try {
      found.push({ ...one, now: await digestOf(host, throughRegistry(one.named, host.registry)) });
    } catch (error) {
      failures.push(`${one.path.join(".")}: ${throughRegistry(one.named, host.registry)}: ${(error as Error).message}`);
    }
  if (failures.length > 0) throw new Error(`nothing was changed; no digest of\n  ${failures.join("\n  ")}`);
  const news = found.filter(({ digest, now }) => digest !== now);
  if (news.length === 0) {
    console.log(`${stackFile(stack)}: ${found.length} images with a tag from a registry, each at its tag's digest`);
    return 0;
  }
  const rows = news.map(({ path, named, digest, now }) => ({
    ...{ setting: path.join("."), image: named, was: digest ? short(digest) : "-", now: short(now) },
  }));
  console.log(table(["setting", "image", "was", "now"], rows));
  await confirm(`${stackFile(stack)} will name ${news.length === 1 ? "this digest" : "these digests"}.`, yes);
  const changed = news.reduce((before, { path, named, now }) => withImage(before, path, `${named}@${now}`), text);
  readStack(stack, changed);
  writeStackFile(stack, changed);
  console.log(`${stackFile(stack)}: written; make preview shows what it changes; commit it`);
  return 0;
});
