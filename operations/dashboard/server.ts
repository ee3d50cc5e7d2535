/** Serves the page on this machine's loopback address. It only reads: whatever is asked for, Prometheus is asked the same questions. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Html } from "./html.ts";
import { BACK, type Back } from "./questions.ts";

/** How far back is looked where nothing is said. */
const DEFAULT: Back = "6h";

/** Nothing but what is here, and no page of somebody else's around it: a label of a measurement can make nothing run. */
const HEADERS = {
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
}; // prettier-ignore

const beside = (name: string) => readFileSync(join(import.meta.dirname, name), "utf8");
const ofUplot = (name: string) => readFileSync(createRequire(import.meta.url).resolve(`uplot/dist/${name}`), "utf8");

const FILES: Record<string, { type: string; text: () => string }> = {
  "/page.js": { type: "text/javascript", text: () => beside("page.js") },
  "/page.css": { type: "text/css", text: () => beside("page.css") },
  "/uplot.js": { type: "text/javascript", text: () => ofUplot("uPlot.iife.min.js") },
  "/uplot.css": { type: "text/css", text: () => ofUplot("uPlot.min.css") },
};

/** What is answered. */
interface Answer {
  status: number;
  type: string;
  text: string;
}

const plain = (status: number, text: string): Answer => ({ status, type: "text/plain", text: `${text}\n` });

/**
 * @param page of the time that is asked for; it throws nothing
 * @param port of this machine
 */
export async function serve(page: (back: Back) => Promise<{ ok: boolean; page: Html }>, port: number): Promise<Server> {
  // Another name that leads to this address is a page of somebody else's that reads along.
  const names = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);
  const answer = async (method: string, host: string | undefined, address: string): Promise<Answer> => {
    if (!host || !names.has(host)) return plain(421, `found the host ${host ?? ""}, expected 127.0.0.1:${port}`);
    if (method !== "GET" && method !== "HEAD") return plain(405, "this page only shows");
    const { pathname, searchParams } = new URL(address, `http://${host}`);
    const file = Object.hasOwn(FILES, pathname) ? FILES[pathname] : undefined;
    if (file) return { status: 200, type: file.type, text: file.text() };
    if (pathname !== "/") return plain(404, `there is no ${pathname}`);
    const back = searchParams.get("back") ?? DEFAULT;
    if (!Object.hasOwn(BACK, back)) return plain(400, `found back=${back}, expected ${Object.keys(BACK).join(", ")}`);
    const { ok, page: body } = await page(back as Back);
    return { status: ok ? 200 : 502, type: "text/html", text: body.text };
  };
  const server = createServer((request, response) => {
    void answer(request.method ?? "", request.headers.host, request.url ?? "/")
      .catch((error: Error) => plain(500, error.message))
      .then(({ status, type, text }) => {
        response.writeHead(status, { ...HEADERS, "content-type": `${type}; charset=utf-8` });
        response.end(request.method === "HEAD" ? undefined : text);
      });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}
