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
