/** N containers that do nothing, as a system of this program's own components: what bench/parts/containers.ts deploys. */
import * as pulumi from "@pulumi/pulumi";
import { Host } from "../components/host.ts";
import { Secrets } from "../components/secrets.ts";
import { System } from "../components/system.ts";
import { plainSystem } from "./lib/plain-system.ts";

const config = new pulumi.Config();
const host = new Host("host", { protectVolumes: false, generateSecrets: false }, []);
const secrets = new Secrets("secrets", { secrets: [], configured: new Map(), generate: false });
const system = plainSystem(config.require("project"), config.require("image"), config.requireNumber("n"));
new System({ stack: "containers", system, host, secrets });
