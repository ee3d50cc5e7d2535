/** The tunnel to PROTEA's frontend, and to nothing else. Pure. */
import { calledAt } from "../../systems/outputs.ts";
import type { SystemSpec } from "../../systems/spec.ts";

/** The programs that can make one, the first one there is taken: only ngrok has a static domain without more set-up. */
export const PROGRAMS = ["ngrok", "cloudflared"] as const;
export type Program = (typeof PROGRAMS)[number];

const FRONTEND = "frontend";

/**
 * Where the frontend is published, as one who sits on the host calls it: `127.0.0.1:3000`.
 * @param service what was asked for; undefined: the frontend
 * @throws Error for any other service, or when the frontend is not published
 */
export function frontendAddress(system: SystemSpec, service: string | undefined): string {
  if (service !== undefined && service !== FRONTEND)
    throw new Error(
      `found SERVICE=${service}: only the ${FRONTEND} is for the outside (it passes on what it needs of the API)`,
    );
  const known = system.services.find(({ name }) => name === FRONTEND);
  const port = known?.ports.find(({ container }) => container === 3000);
  if (!port) throw new Error(`the ${FRONTEND} publishes no port (protea:services.${FRONTEND}.ports)`);
  return calledAt(port);
}

/**
 * The command that opens it.
 * @param found the programs that are installed
 * @param domain a static domain of one's ngrok account; undefined: a random name
 * @throws Error saying what to install
 */
export function tunnelCommand(address: string, found: Program[], domain: string | undefined): string[] {
  if (domain !== undefined && !/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(domain))
    throw new Error(`found DOMAIN=${domain}, expected a name like protea.ngrok.app`);
  if (found.includes("ngrok"))
    return ["ngrok", "http", ...(domain ? [`--url=https://${domain}`] : []), `http://${address}`];
  if (domain !== undefined)
    throw new Error(
      "DOMAIN= needs ngrok, which is not installed: https://ngrok.com/download, then ngrok config add-authtoken TOKEN",
    );
  if (found.includes("cloudflared")) return ["cloudflared", "tunnel", "--url", `http://${address}`];
  throw new Error(
    `neither ${PROGRAMS.join(" nor ")} is installed here: https://ngrok.com/download (then ngrok config add-authtoken TOKEN), or\n` +
      "https://developers.cloudflare.com/cloudflare-one/connections/connect-networks/downloads/",
  );
}
