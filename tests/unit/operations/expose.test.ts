// `make expose`: to the frontend and nothing else.
import { frontendAddress, tunnelCommand, type Program } from "../../../operations/expose/tunnel.ts";
import type { ServiceSpec } from "../../../systems/spec.ts";
import { FakeDocker } from "../support/fake-docker.ts";
import { committed } from "../support/stack.ts";

const protea = committed("local").systems[1]!;
const publishing = (address: string, container = 3000) => ({
  ...protea,
  services: protea.services.map((one): ServiceSpec =>
    one.name === "frontend" ? { ...one, ports: [{ address, host: 3001, container, protocol: "tcp" }] } : one,
  ),
});

test.each([
  ["127.0.0.1", "127.0.0.1:3001"],
  ["0.0.0.0", "127.0.0.1:3001"],
  ["::", "127.0.0.1:3001"],
  ["::1", "[::1]:3001"],
  ["10.1.0.200", "10.1.0.200:3001"],
])("published on %s: %s", (address, called) => {
  expect(frontendAddress(publishing(address), undefined)).toBe(called);
  expect(frontendAddress(publishing(address), "frontend")).toBe(called);
});

test.each(["api", "rabbitmq", "postgres", "minio", ""])("SERVICE=%s is refused", (service) => {
  expect(() => frontendAddress(protea, service)).toThrow("only the frontend is for the outside");
});

test("a frontend that publishes nothing, or something else", () => {
  const services = protea.services.filter(({ name }) => name !== "frontend");
  expect(() => frontendAddress({ ...protea, services }, undefined)).toThrow("publishes no port");
  expect(() => frontendAddress(publishing("127.0.0.1", 9229), undefined)).toThrow("publishes no port");
});

test.each<[Program[], string | undefined, string]>([
  [["ngrok"], undefined, "ngrok http http://127.0.0.1:3000"],
  [["ngrok", "cloudflared"], "protea.ngrok.app", "ngrok http --url=https://protea.ngrok.app http://127.0.0.1:3000"],
  [["cloudflared"], undefined, "cloudflared tunnel --url http://127.0.0.1:3000"],
])("with %j and DOMAIN=%s: %s", (found, domain, command) => {
  expect(tunnelCommand("127.0.0.1:3000", found, domain).join(" ")).toBe(command);
});

test.each<[Program[], string | undefined, string]>([
  [[], undefined, "neither ngrok nor cloudflared is installed here: https://ngrok.com/download"],
  [[], "protea.ngrok.app", "DOMAIN= needs ngrok"],
  [["cloudflared"], "protea.ngrok.app", "DOMAIN= needs ngrok"],
  [["ngrok"], "--region=eu", "found DOMAIN=--region=eu, expected a name"],
  [["ngrok"], "localhost", "expected a name"],
  [["ngrok"], "a.b/c", "expected a name"],
])("with %j and DOMAIN=%s it is refused", (found, domain, message) => {
  expect(() => tunnelCommand("127.0.0.1:3000", found, domain)).toThrow(message);
});

test("another host's frontend: the way there is said, and nothing is opened", async () => {
  const programs = new FakeDocker().program("ngrok", "exit 0");
  const { status, stderr } = await programs.operation("expose", "--stack", "staging", "--domain", "protea.ngrok.app");
  programs.remove();
  expect(status).toBe(1);
  expect(stderr).toContain(
    "\n  ssh -F .local/ssh/10.1.0.200/config -S none -o ExitOnForwardFailure=yes -N -L 13000:127.0.0.1:3000 10.1.0.200\n",
  );
  expect(stderr).toContain("\n  ngrok http --url=https://protea.ngrok.app http://127.0.0.1:13000\n");
});
