/**
 * `make reclaim`: removes images that nothing uses, declares or may go back to, and the build cache. It lists them, and
 * asks. Never a volume, never a container.
 */
import { formatSize } from "../config/units.ts";
import { dockerCommand } from "../hosts/connection.ts";
import { show } from "../hosts/docker.ts";
import { run } from "./command.ts";
import { confirm } from "./confirm.ts";
import { imagesToGoBackTo } from "./deployments/host.ts";
import { imagesOf, usageOf } from "./disk/engine.ts";
import { nameOf, removable, removal } from "./disk/removable.ts";
import { dockerSize, freeCache } from "./disk/usage.ts";
import { readStack, stackNames } from "./stack.ts";
import { table } from "./table.ts";

export const done = run(["yes"], async ({ stack, yes }) => {
  const { host } = readStack(stack);
  // Of every stack: two of them may share an engine, and a file that cannot be read must not read as "nothing declared".
  const declared = stackNames().flatMap((name) =>
    readStack(name).systems.flatMap((system) => system.services.map((service) => service.image)),
  );
  const { images, used } = imagesOf(host);
  const going = removable(images, new Set([...used, ...imagesToGoBackTo(host)]), declared);
  const usage = usageOf(host);
  const alone = new Map((usage.Images ?? []).map((image) => [image.ID, dockerSize(image.UniqueSize)]));
  const bytes = going.reduce((sum, image) => sum + (alone.get(image.Id) ?? 0), 0);
  const cache = freeCache(usage);
  if (going.length > 0) {
    const rows = going.map((image) => ({
      image: nameOf(image),
      id: image.Id,
      built: image.Created.slice(0, 10),
      alone: formatSize(alone.get(image.Id) ?? 0),
    }));
    console.log(table(["image", "id", "built", "alone"], rows));
  }
  if (going.length === 0 && cache === 0) {
    console.log("there is nothing to reclaim");
    return 0;
  }
  const what = [
    ...(going.length > 0 ? [`${going.length} images (at least ${formatSize(bytes)})`] : []),
    ...(cache > 0 ? [`${formatSize(cache)} of build cache`] : []),
  ];
  await confirm(`${what.join(" and ")} will be removed; containers and volumes stay.`, yes);
  const removed = going.length === 0 ? 0 : await show(dockerCommand(host, ["image", "rm", ...going.flatMap(removal)]));
  const pruned = cache === 0 ? 0 : await show(dockerCommand(host, ["builder", "prune", "--force"]));
  return removed === 0 && pruned === 0 ? 0 : 1;
});
