/**
 * node tests/engine/alert-listener.ts ADDRESS FILE: notes what is posted, a line of JSON each. A process of its own: a test that waits
 * for a command answers nobody, and Alertmanager would be right to complain of that. It prints its port.
 */
import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const [address, file] = process.argv.slice(2);
const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    appendFileSync(file!, `${JSON.stringify({ path: request.url, body: Buffer.concat(parts).toString() })}\n`);
    response.end();
  });
});
server.listen(0, address, () => console.log((server.address() as AddressInfo).port));
// With the test, whatever ended that.
process.stdin.on("end", () => process.exit(0)).resume();
