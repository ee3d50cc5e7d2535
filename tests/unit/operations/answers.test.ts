// Whether what is published answers: by HTTP, here and, over a connection that ssh carries, on another machine.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as listen, type AddressInfo, type Server as Listener } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answer } from "../../../operations/deploy/answers.ts";
import { committed } from "../support/stack.ts";

const [local, staging] = [committed("local").host, committed("staging").host];
/** ssh -W, to this machine: what it is given and what it gets, byte by byte. */
const SSH = `#!/usr/bin/env node
const [flag, port, , , address] = process.argv.slice(2);
if (flag !== "-W" || address !== "10.1.0.200") throw new Error(process.argv.join(" "));
if (port === "127.0.0.1:1") {
  // As where the server ends the connection with its answer: ssh ends at once.
  require("node:fs").readSync(0, Buffer.alloc(1000));
  require("node:fs").writeSync(1, "HTTP/1.1 200 OK\\r\\nconnection: close\\r\\n\\r\\nok");
  process.exit(0);
}
const socket = require("node:net").connect(Number(port.split(":")[1]), "127.0.0.1");
socket.on("error", () => { console.error("channel 0: open failed: connect failed"); process.exit(255); });
process.stdin.pipe(socket).pipe(process.stdout);
`;

let server: Server;
let silent: Listener;
let folder: string;
const path = process.env.PATH;
beforeAll(async () => {
  server = createServer((request, response) => {
    response.writeHead(request.url === "/bad" ? 500 : 200);
    // More than is read of it.
    response.end("x".repeat(1_000_000));
  });
  // Takes a connection and ends it without a word.
  silent = listen((socket) => socket.destroy());
  for (const one of [server, silent]) await new Promise((done) => one.listen(0, "127.0.0.1", () => done(undefined)));
  folder = mkdtempSync(join(tmpdir(), "answers-"));
  writeFileSync(join(folder, "ssh"), SSH, { mode: 0o755 });
  process.env.PATH = `${folder}:${path}`;
});
afterAll(async () => {
  process.env.PATH = path;
  rmSync(folder, { recursive: true });
  for (const one of [server, silent]) await new Promise((done) => one.close(done));
});

const url = (one: Listener, at = "/") => `http://127.0.0.1:${(one.address() as AddressInfo).port}${at}`;

describe.each([
  ["here", local],
  ["on another machine", staging],
])("%s", (_where, host) => {
  test("the status is what counts", async () => {
    await expect(answer(host, url(server))).resolves.toBe(200);
    await expect(answer(host, url(server, "/bad"))).resolves.toBe(500);
  });

  test("a port that says nothing", async () => {
    await expect(answer(host, url(silent))).resolves.toMatch(/socket hang up|ECONNRESET/);
  });
});

test("an answer that comes with the end of the connection is one, however late it is read", async () => {
  const all = Array.from({ length: 30 }, () => answer(staging, "http://127.0.0.1:1/"));
  // What has come waits to be read meanwhile.
  const end = Date.now() + 3_000;
  await new Promise((done) => setTimeout(done, 300));
  while (Date.now() < end);
  expect(await Promise.all(all)).toEqual(all.map(() => 200));
});

test("a port where nobody listens: what is said of it, here and there", async () => {
  const port = await new Promise<number>((done) => {
    const free = listen().listen(0, "127.0.0.1", () => {
      const { port } = free.address() as AddressInfo;
      free.close(() => done(port));
    });
  });
  await expect(answer(local, `http://127.0.0.1:${port}/`)).resolves.toContain("ECONNREFUSED");
  await expect(answer(staging, `http://127.0.0.1:${port}/`)).resolves.toMatch(/connect failed|socket hang up/);
});
