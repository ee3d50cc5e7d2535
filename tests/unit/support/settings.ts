/** What an engine shows of a container's settings when they are what its arguments ask for; a real one's answer is in operations/drift/engine.json. */
import { parseDuration } from "../../../config/units.ts";
import { containerArguments } from "../../../engines/docker/container-args.ts";
import type { InspectedSettings } from "../../../engines/docker/inspect.ts";
import { hasSecrets, plainVariables, secretMount } from "../../../engines/docker/secrets.ts";
import type { ServiceSpec, SystemSpec } from "../../../systems/spec.ts";

const MIB = 2 ** 20;
const nanoseconds = (text: string) => parseDuration(text)! * 1e6;

/** Of the n-th container of a service. */
export function settingsOf(
  system: SystemSpec,
  service: ServiceSpec,
  n = 1,
  stack = "local",
): Pick<InspectedSettings, "Config" | "HostConfig" | "Mounts" | "NetworkSettings"> {
  const args = containerArguments(system, service, n, stack, false);
  const check = args.healthcheck;
  return {
    Config: {
      Image: args.image,
      Hostname: args.hostname ?? "",
      User: args.user,
      Cmd: args.command,
      Entrypoint: args.entrypoints,
      Env: Object.entries(plainVariables(service)).map(([name, value]) => `${name}=${value}`),
      Labels: { ...args.labels, "com.docker.compose.image": "sha256:1" },
      StopSignal: args.stopSignal,
      StopTimeout: args.stopTimeout,
      Healthcheck: check && {
        Test: check.tests,
        Interval: nanoseconds(check.interval),
        Timeout: nanoseconds(check.timeout),
        StartPeriod: nanoseconds(check.startPeriod),
        StartInterval: nanoseconds(check.startInterval),
        Retries: check.retries,
      },
    },
    HostConfig: {
      Memory: args.memory! * MIB,
      MemorySwap: args.memorySwap! * MIB,
      MemoryReservation: (args.memoryReservation ?? 0) * MIB,
      ShmSize: (args.shmSize ?? 64) * MIB,
      CpuShares: args.cpuShares,
      PidsLimit: service.pidsLimit,
      CapAdd: args.capabilities.adds,
      CapDrop: args.capabilities.drops,
      ReadonlyRootfs: args.readOnly,
      Tmpfs: args.tmpfs,
      NanoCpus: Number(args.cpus ?? 0) * 1e9,
      NetworkMode: "bridge",
      Dns: args.dns ?? [],
      RestartPolicy: { Name: args.restart, MaximumRetryCount: 0 },
      LogConfig: { Type: args.logDriver, Config: args.logOpts },
      PortBindings: Object.fromEntries(
        args.ports.map(({ internal, external, ip, protocol }) => [
          `${internal}/${protocol}`,
          [{ HostIp: ip, HostPort: String(external) }],
        ]),
      ),
      SecurityOpt: args.securityOpts,
      Ulimits: args.ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
      DeviceRequests: args.gpus ? [{ Count: -1, DeviceIDs: null, Capabilities: [["gpu"]] }] : null,
      MaskedPaths: ["/proc/kcore"],
      ReadonlyPaths: ["/proc/sys"],
    },
    Mounts: [...args.mounts, ...(hasSecrets(service) ? [secretMount("/secrets")] : [])].map(
      ({ type, source, target, readOnly }) => ({
        ...{ Type: type, Name: source, Source: source, Destination: target, RW: !readOnly, Propagation: "" },
      }),
    ),
    NetworkSettings: {
      Networks: Object.fromEntries(
        args.networksAdvanced.map((network) => [network.name, { Aliases: network.aliases ?? [], IPAMConfig: null }]),
      ),
    },
  };
}
