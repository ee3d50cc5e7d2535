/** Variables as Docker lists them, NAME=value, by their names. */
export const variablesIn = (list: readonly string[]): Map<string, string> =>
  new Map(list.map((one) => [one.split("=", 1)[0]!, one.slice(one.indexOf("=") + 1)]));

/** What is read of `docker container inspect`. */
export interface Inspected {
  Id: string;
  /** With a leading slash. */
  Name: string;
  /** The content of its image, sha256:…, whatever that is called now. */
  Image: string;
  State: {
    Status: string;
    ExitCode: number;
    StartedAt: string;
    FinishedAt: string;
    /** Why the engine could not start it; else empty. */
    Error?: string;
    OOMKilled?: boolean;
    /** The log has the last five checks, the latest at its end. */
    Health?: { Status: string; Log?: { ExitCode: number; Output: string }[] | null };
  };
  /** Memory: its limit in bytes. */
  HostConfig?: { Memory: number };
  Config: { Image: string; Labels: Record<string, string> | null };
  NetworkSettings: { Ports: Record<string, { HostIp: string; HostPort: string }[] | null> | null };
}

/** A health check as the engine has it: nanoseconds. */
interface InspectedCheck {
  Test?: string[] | null;
  Interval?: number;
  Timeout?: number;
  Retries?: number;
  StartPeriod?: number;
  StartInterval?: number;
}

/** What an image and a container are both told. */
export interface InspectedConfig {
  Env?: string[] | null;
  Cmd?: string[] | null;
  Entrypoint?: string[] | null;
  User?: string;
  WorkingDir?: string;
  Labels?: Record<string, string> | null;
  Volumes?: Record<string, unknown> | null;
  Healthcheck?: InspectedCheck | null;
  StopSignal?: string;
}

/** `docker container inspect`, as far as a container's settings go. https://docs.docker.com/reference/api/engine/version/v1.45/#operation/ContainerInspect */
export interface InspectedSettings {
  Id: string;
  /** With a leading slash. */
  Name: string;
  /** The content of its image, sha256:… */
  Image: string;
  Config: InspectedConfig & {
    /** The image as it was named when the container was made. */
    Image: string;
    Hostname: string;
    /** Seconds. */
    StopTimeout?: number | null;
    [other: string]: unknown;
  };
  HostConfig: {
    /** Bytes. */
    Memory: number;
    MemorySwap: number;
    MemoryReservation: number;
    ShmSize: number;
    /** Billionths of a core. */
    NanoCpus: number;
    RestartPolicy: { Name: string; MaximumRetryCount: number };
    LogConfig: { Type: string; Config: Record<string, string> | null };
    PortBindings: Record<string, { HostIp: string; HostPort: string }[] | null> | null;
    SecurityOpt: string[] | null;
    /** With or without `CAP_`. */
    CapAdd?: string[] | null;
    CapDrop?: string[] | null;
    /** Mount options by folder. */
    Tmpfs?: Record<string, string> | null;
    Ulimits: { Name: string; Soft: number; Hard: number }[] | null;
    DeviceRequests: { Count: number; DeviceIDs: string[] | null; Capabilities: string[][] | null }[] | null;
    MaskedPaths?: string[] | null;
    ReadonlyPaths?: string[] | null;
    [other: string]: unknown;
  };
  Mounts: { Type: string; Name?: string; Source: string; Destination: string; RW: boolean; Propagation: string }[];
  NetworkSettings: {
    Networks: Record<
      string,
      { Aliases: string[] | null; IPAMConfig: Record<string, unknown> | null; Links?: string[] | null }
    > | null;
  };
}

export interface InspectedImage {
  Id: string;
  RepoTags: string[] | null;
  /** NAME@sha256:… */
  RepoDigests: string[] | null;
  Config: InspectedConfig | null;
}

export interface InspectedNetwork {
  Id: string;
  Name: string;
  Driver: string;
  EnableIPv6: boolean;
  Internal: boolean;
  Attachable: boolean;
  Ingress: boolean;
  Options: Record<string, string> | null;
  Labels: Record<string, string> | null;
}

export interface InspectedVolume {
  Name: string;
  Driver: string;
  Options: Record<string, string> | null;
  Labels: Record<string, string> | null;
}
