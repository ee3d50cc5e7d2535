/** Asks a stack's engine what its disk holds. */
import type { HostSettings } from "../../config/host.ts";
import { dockerCommand, quote } from "../../hosts/connection.ts";
import { docker, dockerOutput } from "../../hosts/docker.ts";
import type { Image } from "./removable.ts";
import { dockerSize, type Usage } from "./usage.ts";

/** As dockerOutput(), and prints the command, to standard error as show() does. */
function shown(host: HostSettings, args: string[]): string {
  console.error(dockerCommand(host, args).map(quote).join(" "));
  return dockerOutput(host, args);
}

/** Takes a while where volumes are large: the engine adds up their files. */
export function usageOf(host: HostSettings): Usage {
  return JSON.parse(shown(host, ["system", "df", "-v", "--format", "{{json .}}"])) as Usage;
}

/** Bytes of all images, each layer counted once. */
export function imagesSize(host: HostSettings): number {
  const lines = shown(host, ["system", "df", "--format", "{{.Type}}\t{{.Size}}"]).split("\n");
  return dockerSize(lines.find((line) => line.startsWith("Images\t"))?.slice("Images\t".length) ?? "");
}

/** The folder of the engine's data, on the host. */
export function dataRoot(host: HostSettings): string {
  return shown(host, ["info", "--format", "{{.DockerRootDir}}"]).trim();
}

/**
 * What `docker image inspect` or `docker container inspect` prints for ids; nothing for what has gone since they were listed.
 * @throws Error with anything else that docker says
 */
function inspect<T>(host: HostSettings, kind: "image" | "container", ids: string[]): T[] {
  if (ids.length === 0) return [];
  const { code, stdout, stderr } = docker(host, [kind, "inspect", ...new Set(ids)]);
  const failures = stderr.split("\n").filter((line) => line && !/No such (image|container)/.test(line));
  if (failures.length > 0 || (code !== 0 && stderr === ""))
    throw new Error([...new Set(failures)].join("\n") || `docker ${kind} inspect: exit code ${code}`);
  return JSON.parse(stdout || "[]") as T[];
}

const ids = (output: string) => output.split("\n").filter(Boolean);

/**
 * The engine's images, but for those within others; and the ids of what its containers, stopped ones too, were made of.
 * @throws Error with what docker said: what could not be listed must never read as unused
 */
export function imagesOf(host: HostSettings): { images: Image[]; used: Set<string> } {
  const containers = ids(shown(host, ["ps", "--all", "--quiet", "--no-trunc"]));
  const images = ids(shown(host, ["image", "ls", "--quiet", "--no-trunc"]));
  return {
    images: inspect<Image>(host, "image", images),
    used: new Set(inspect<{ Image: string }>(host, "container", containers).map((container) => container.Image)),
  };
}
