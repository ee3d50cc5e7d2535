/**
 * An image registry on loopback that can be pulled from: node registry.ts FOLDER. The folder is what `docker save`
 * writes; its one image answers to every repository whose name ends in `known`. Prints its port; ends with its standard input.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

interface Descriptor {
  mediaType: string;
  digest: string;
}

const folder = process.argv[2]!;
const blob = (digest: string) => readFileSync(join(folder, "blobs", digest.replace(":", "/")));
const image = (JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as { manifests: Descriptor[] })
  .manifests[0]!;

const UNKNOWN = JSON.stringify({ errors: [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }] });

const server = createServer(({ url = "", method }, answer) => {
  const send = (code: number, body: Buffer | string, headers: Record<string, string> = {}) => {
    answer.writeHead(code, { "content-length": Buffer.byteLength(body), ...headers });
    answer.end(method === "HEAD" ? "" : body);
  };
  const [, repository, kind, reference] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(url) ?? [];
  if (url === "/v2/") send(200, "{}");
  else if (!repository?.endsWith("known")) send(404, UNKNOWN, { "content-type": "application/json" });
  else if (kind === "blobs") send(200, blob(reference!), { "content-type": "application/octet-stream" });
  else send(200, blob(image.digest), { "content-type": image.mediaType, "docker-content-digest": image.digest });
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
process.stdin.on("end", () => process.exit()).resume();
