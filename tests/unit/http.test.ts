import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { request } from "../http.ts";

test("a server that closes connections between requests fails none of them", async () => {
  const served = new Set<Socket>();
  const server = createServer(({ socket }, answer) => {
    if (served.has(socket)) return void socket.destroy();
    served.add(socket);
    answer.end("{}");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (let n = 0; n < 3; n += 1) expect(await request(url)).toEqual({ code: 200, body: {} });
    expect(served.size).toBe(3);
  } finally {
    server.close();
  }
});
