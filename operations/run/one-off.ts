/** From a service's container to a one-off one with another command. Pure. */
import type { ServiceSpec } from "../../systems/spec.ts";

/** What is read of `docker container inspect`; what else it has goes into the one-off as it is. */
export interface Whole {
  /** The image's id. */
  Image: string;
  State: { Running: boolean };
  Config: Record<string, unknown> & { Labels: Record<string, string> | null };
  HostConfig: Record<string, unknown> & { Mounts?: { Type: string; ReadOnly?: boolean }[] | null };
  NetworkSettings: { Networks: Record<string, unknown> };
}

/**
 * The body that creates it (POST /containers/create): image, entrypoint, environment, limits, networks and mounts are the
 * container's. Not its host name, its alias on the network or its ports, by which others would reach it instead of the
 * service. Of a server no mount that can be written: two servers must never share a data volume, whatever the command.
 * @param words the command, given to the entrypoint
 * @param terminal whether it gets one
 */
export function oneOff(service: ServiceSpec, container: Whole, words: string[], terminal: boolean) {
  const { Hostname, Domainname, MacAddress, ExposedPorts, ...config } = container.Config;
  const { Binds, Mounts, ...host } = container.HostConfig;
  const shared = service.server
    ? { Binds: [], Mounts: (Mounts ?? []).filter((mount) => mount.ReadOnly === true) }
    : { Binds, Mounts };
  return {
    ...config,
    Image: container.Image,
    Cmd: words,
    // Standard input ends with the one who attached to it.
    ...{ AttachStdin: true, AttachStdout: true, AttachStderr: true, OpenStdin: true, StdinOnce: true, Tty: terminal },
    Healthcheck: { Test: ["NONE"] },
    Labels: {
      ...config.Labels,
      // As `docker compose run` marks them: no container of the service to `ps`, `stop` and the rest.
      "com.docker.compose.oneoff": "True",
    },
    HostConfig: {
      ...host,
      ...shared,
      PortBindings: {},
      PublishAllPorts: false,
      RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
      AutoRemove: true,
    },
    NetworkingConfig: {
      EndpointsConfig: Object.fromEntries(Object.keys(container.NetworkSettings.Networks).map((name) => [name, {}])),
    },
  };
}
