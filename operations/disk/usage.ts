/** What an engine's disk holds, from `docker system df`. Pure. */
import { formatSize } from "../../config/units.ts";

/** What is read of `docker system df -v --format '{{json .}}'`. Sizes are docker's texts: `24.5MB`. */
export interface Usage {
  Images: { ID: string; Repository: string; UniqueSize: string; Containers: string }[] | null;
  Containers: { Size: string; State: string }[] | null;
  Volumes: { Name: string; Size: string; Links: string; Labels: string }[] | null;
  BuildCache: { Size: string; InUse: string; Shared: string }[] | null;
}

const BYTES: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** Bytes of a size as docker prints it, which counts in thousands; 0 for `N/A`. */
export function dockerSize(text: string): number {
  const match = /^([\d.]+(?:e\+\d+)?)\s?(B|kB|MB|GB|TB)/.exec(text);
  return match ? Math.round(Number(match[1]) * BYTES[match[2]!]!) : 0;
}

const sum = (sizes: string[]) => sizes.reduce((total, size) => total + dockerSize(size), 0);

/** Build cache beside the images: what an image shares takes no room of its own. */
const ownCache = ({ BuildCache }: Usage) => (BuildCache ?? []).filter((one) => one.Shared === "false");
const idleCache = (usage: Usage) => ownCache(usage).filter((one) => one.InUse === "false");

/** Bytes of build cache that no image shares and no build uses. */
export function freeCache(usage: Usage): number {
  return sum(idleCache(usage).map((one) => one.Size));
}

export const COLUMNS = ["what", "count", "size", "unused"] as const;
type Row = Record<(typeof COLUMNS)[number], string>;

/**
 * A row for each kind of thing; `unused`: what no container uses.
 * @param images bytes of all images, layers that they share counted once: the images alone do not tell
 */
export function usageRows(usage: Usage, images: number): Row[] {
  const row = (what: string, all: string[], unused: string[]): Row => ({
    what,
    count: String(all.length),
    size: formatSize(sum(all)),
    unused: `${unused.length}, ${formatSize(sum(unused))}`,
  });
  const found = usage.Images ?? [];
  const idle = found.filter((image) => image.Containers === "0");
  const volumes = (anonymous: boolean) =>
    (usage.Volumes ?? []).filter((volume) => volume.Labels.includes("com.docker.volume.anonymous") === anonymous);
  const volumeRow = (what: string, anonymous: boolean) =>
    row(
      what,
      volumes(anonymous).map((volume) => volume.Size),
      volumes(anonymous)
        .filter((volume) => volume.Links === "0")
        .map((volume) => volume.Size),
    );
  const containers = usage.Containers ?? [];
  return [
    {
      ...row("images", [], []),
      count: String(found.length),
      size: formatSize(images),
      // Of each what it shares with none.
      unused: `${idle.length}, at least ${formatSize(sum(idle.map((image) => image.UniqueSize)))}`,
    },
    row(
      "containers' own layers",
      containers.map((one) => one.Size),
      containers.filter((one) => one.State !== "running").map((one) => one.Size),
    ),
    volumeRow("named volumes", false),
    volumeRow("anonymous volumes", true),
    row(
      "build cache",
      ownCache(usage).map((one) => one.Size),
      idleCache(usage).map((one) => one.Size),
    ),
  ];
}

/** The largest volumes, at most so many. */
export function largestVolumes({ Volumes }: Usage, count: number): { volume: string; size: string }[] {
  return [...(Volumes ?? [])]
    .sort((a, b) => dockerSize(b.Size) - dockerSize(a.Size))
    .slice(0, count)
    .map((volume) => ({ volume: volume.Name, size: formatSize(dockerSize(volume.Size)) }));
}
