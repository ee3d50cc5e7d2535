import { existsSync } from "node:fs";
import { z } from "zod";
import { endpoint, filePath } from "./names.ts";

/** `host:`, the one Docker host of a stack. */
export const host = z
  .strictObject({
    docker: endpoint
      .optional()
      .meta({ description: "Docker endpoint. Default: DOCKER_HOST, else this machine's socket" }),
    sshConfig: filePath
      .refine(existsSync, { error: "an ssh_config file that exists, absolute or relative to the checkout" })
      .optional()
      .meta({ description: "ssh_config file for an ssh:// endpoint: ProxyJump, host keys, multiplexing" }),
    protectVolumes: z
      .boolean()
      .default(true)
      .meta({ description: "Volumes are protected and kept on destroy; false only where data may go (local, tests)" }),
    generateSecrets: z
      .boolean()
      .default(false)
      .meta({ description: "Missing secrets are generated at the first up and kept, encrypted, in the stack's state" }),
  })
  .refine((settings) => !settings.generateSecrets || !settings.protectVolumes, {
    path: ["generateSecrets"],
    error:
      "false where volumes are protected: data that must not be lost cannot depend on a password in the state alone",
  });
export type HostSettings = z.infer<typeof host>;
