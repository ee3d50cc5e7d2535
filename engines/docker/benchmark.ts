/**
 * Section 5 of the CIS Docker Benchmark 1.6, as docker-bench-security 1.6 walks it, and 4.1: what a container shows where a point holds,
 * and for which services one does not, and why. docs/security.md is written from it; tests walk it over what the stacks declare and over
 * real containers. https://github.com/docker/docker-bench-security
 */
import type { InspectedSettings } from "./inspect.ts";
import { EXCEPTIONS, type Exception } from "./benchmark-exceptions.ts";

export interface Point {
  id: string;
  title: string;
  /** What makes it hold here. */
  how: string;
  /** Whether a container shows that it holds; undefined: it is no property of a container. */
  holds?: (container: InspectedSettings) => boolean;
  exceptions: Exception[];
}

type Settings = InspectedSettings["HostConfig"];
const not = (key: string, value: string) => (one: InspectedSettings) => one.HostConfig[key] !== value;
const without = (option: RegExp) => (one: InspectedSettings) =>
  !(one.HostConfig.SecurityOpt ?? []).some((each) => option.test(each));
const positive = (value: unknown) => typeof value === "number" && value > 0;
const bindings = ({ PortBindings }: Settings) => Object.values(PortBindings ?? {}).flatMap((hosts) => hosts ?? []);
const binds = ({ Mounts }: InspectedSettings) =>
  Mounts.filter(({ Type }) => Type === "bind").map(({ Source }) => Source);
const SENSITIVE = /^\/$|^\/(boot|dev|etc|lib|proc|sys|usr)(\/|$)/;

const RULES: Omit<Point, "exceptions">[] = [
  {
    id: "4.1",
    title: "a user that is not root",
    how: "a user is declared",
    holds: ({ Config: { User } }) => !!User && !/^(0|root)(:|$)/.test(User),
  },
  { id: "5.1", title: "swarm mode is off", how: "no swarm is used; nothing here turns it on" },
  {
    id: "5.2",
    title: "an AppArmor profile, if applicable",
    how: "Docker's own, on hosts that have AppArmor: nothing turns it off",
    holds: without(/apparmor[=:]unconfined/),
  },
  {
    id: "5.3",
    title: "SELinux options, if applicable",
    how: "Docker's own, on hosts that have SELinux: nothing turns them off",
    holds: without(/label[=:]disable/),
  },
  {
    id: "5.4",
    title: "capabilities are restricted",
    how: "all are dropped, and none is given back",
    holds: ({ HostConfig }) => (HostConfig.CapDrop ?? []).includes("ALL") && (HostConfig.CapAdd ?? []).length === 0,
  },
  { id: "5.5", title: "not privileged", how: "no service is", holds: ({ HostConfig }) => !HostConfig.Privileged },
  {
    id: "5.6",
    title: "no sensitive folder of the host is mounted",
    how: "folders of the host are the backups', the checkout's, the lab's and the repository's",
    holds: (one) => !binds(one).some((source) => SENSITIVE.test(source)),
  },
  {
    id: "5.7",
    title: "no sshd in a container",
    how: "each runs its one program",
    holds: ({ Config: { Cmd, Entrypoint } }) =>
      ![...(Entrypoint ?? []), ...(Cmd ?? [])].some((word) => /sshd/.test(word)),
  },
  {
    id: "5.8",
    title: "no privileged port of the host",
    how: "published ports are 1024 and above",
    holds: ({ HostConfig }) => bindings(HostConfig).every(({ HostPort }) => Number(HostPort) >= 1024),
  },
  {
    id: "5.9",
    title: "only needed ports are published",
    how: "each is declared; never all that an image exposes",
    holds: ({ HostConfig }) => !HostConfig.PublishAllPorts,
  },
  {
    id: "5.10",
    title: "not the host's network",
    how: "networks of each system's own",
    holds: not("NetworkMode", "host"),
  },
  {
    id: "5.11",
    title: "memory is limited",
    how: "each service has a limit",
    holds: ({ HostConfig }) => positive(HostConfig.Memory),
  },
  {
    id: "5.12",
    title: "a priority for the cores",
    how: "servers weigh 1024, all others 512",
    holds: ({ HostConfig }) => positive(HostConfig.CpuShares),
  },
  {
    id: "5.13",
    title: "the root is read-only",
    how: "with volumes and folders in memory where a program writes",
    holds: ({ HostConfig }) => HostConfig.ReadonlyRootfs === true,
  },
  {
    id: "5.14",
    title: "published on one address",
    how: "on loopback, or on an address that the stack file names",
    holds: ({ HostConfig }) => bindings(HostConfig).every(({ HostIp }) => !["", "0.0.0.0", "::"].includes(HostIp)),
  },
  {
    id: "5.15",
    title: "restarted five times at most",
    how: "a job is not restarted",
    holds: ({ HostConfig: { RestartPolicy: policy } }) =>
      policy.Name === "no" || policy.Name === "" || (policy.Name === "on-failure" && policy.MaximumRetryCount <= 5),
  },
  { id: "5.16", title: "not the host's processes", how: "no service asks for it", holds: not("PidMode", "host") },
  { id: "5.17", title: "not the host's shared memory", how: "no service asks for it", holds: not("IpcMode", "host") },
  {
    id: "5.18",
    title: "no device of the host",
    how: "a GPU is asked for by Docker's own request, not as a device",
    holds: ({ HostConfig }) => ((HostConfig.Devices ?? []) as unknown[]).length === 0,
  },
  {
    id: "5.19",
    title: "other ulimits only where needed",
    how: "the engine's own",
    holds: ({ HostConfig }) => (HostConfig.Ulimits ?? []).length === 0,
  },
  {
    id: "5.20",
    title: "mounts are not propagated",
    how: "no service asks for it",
    holds: ({ Mounts }) => Mounts.every(({ Propagation }) => !/shared/.test(Propagation)),
  },
  { id: "5.21", title: "not the host's name", how: "no service asks for it", holds: not("UTSMode", "host") },
  {
    id: "5.22",
    title: "the default seccomp profile",
    how: "nothing turns it off",
    holds: without(/seccomp[=:]unconfined/),
  },
  { id: "5.23", title: "docker exec is not privileged", how: "no script or command of this program asks for it" },
  {
    id: "5.24",
    title: "docker exec not as root",
    how: "as the container's own user; as root where a backup's script reads and writes anybody's files, in the containers that are made for it",
  },
  {
    id: "5.25",
    title: "cgroups as they are",
    how: "no other parent",
    holds: ({ HostConfig }) => !HostConfig.CgroupParent,
  },
  {
    id: "5.26",
    title: "no new privileges",
    how: "no-new-privileges on all",
    holds: ({ HostConfig }) =>
      (HostConfig.SecurityOpt ?? []).some((option) => /^no-new-privileges([=:]true)?$/.test(option)),
  },
  {
    id: "5.27",
    title: "health is checked",
    how: "each service has a check",
    holds: ({ Config }) => (Config.Healthcheck?.Test ?? []).length > 0,
  },
  {
    id: "5.28",
    title: "the latest version of an image",
    how: "a tag or digest that the stack file names; `make digests`, and Renovate's pull requests",
  },
  {
    id: "5.29",
    title: "processes are limited",
    how: "512, set by `docker update` ([decision](decisions/least-privilege.md))",
    holds: ({ HostConfig }) => positive(HostConfig.PidsLimit),
  },
  {
    id: "5.30",
    title: "not the network docker0",
    how: "networks of each system's own",
    holds: ({ NetworkSettings }) => !("bridge" in (NetworkSettings.Networks ?? {})),
  },
  { id: "5.31", title: "not the host's users", how: "no service asks for it", holds: not("UsernsMode", "host") },
  {
    id: "5.32",
    title: "Docker's socket is not mounted",
    how: "in no container",
    holds: (one) => !binds(one).some((source) => source.endsWith("docker.sock")),
  },
];

export const POINTS: Point[] = RULES.map((rule) => ({ ...rule, exceptions: EXCEPTIONS[rule.id] ?? [] }));

/** The exception of a service from a point; undefined: it has none. */
export const exceptionOf = (point: Point, system: string, service: string): Exception | undefined =>
  point.exceptions.find(({ services }) => services.some((name) => matches(name, `${system}/${service}`)));

/** `robotoff/worker-*`: any that begins so. */
const matches = (name: string, service: string) =>
  name.endsWith("*") ? service.startsWith(name.slice(0, -1)) : name === service;
