import { z } from "zod";

const ENDPOINT = "a Docker endpoint, unix:///PATH or ssh://USER@HOST";

/** `host:`, the one Docker host of a stack. */
export const host = z
  .strictObject({
    docker: z
      .string({ error: ENDPOINT })
      .regex(/^(unix:\/\/\/\S+|ssh:\/\/\S+@\S+)$/, { error: ENDPOINT })
      .optional()
      .meta({ description: "Docker endpoint. Default: DOCKER_HOST, else this machine's socket" }),
    sshConfig: z
      .string()
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
