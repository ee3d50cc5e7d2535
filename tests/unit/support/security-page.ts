/** docs/security.md, as the benchmark's points say it. */
import { POINTS } from "../../../engines/docker/benchmark.ts";

const HEAD = `# Who gets into one container gets no further

Written from \`engines/docker/benchmark.ts\` by \`npm run unit:golden\`; tests walk the same points over what the three stacks declare, and over the real containers of
a stack (tests/engine/topics/security.ts). How it is done, and why so: [decisions/least-privilege.md](decisions/least-privilege.md).

Something does not start since, and its log says *Read-only file system*, *Operation not permitted* or *Permission denied*? Give that service back what it misses, and
\`make up\`:

\`\`\`yaml
robotoff:services:
  api: { readOnly: false } # or capAdd: [CHOWN], tmpfs: { /var/cache: 16m }, user: "0:0", networks: [default, servers]
\`\`\`

## Networks

| network | who is in it | ways |
|---|---|---|
| \`SYSTEM_servers\` | databases, queues, models, and whoever uses them | to each other; published ports from the host. None to the outside: no answer finds an address of it, and no name of the outside is resolved |
| \`SYSTEM_default\` | who must reach the outside, besides: Robotoff's processes, PROTEA's workers that download, the checkout, the copy of the backups, Alertmanager | out |

Docker lets no packet pass from one of them to another, so neither system sees the other's servers. Of monitoring each exporter is besides in the servers' network of the
one system that it asks; Prometheus and the one that asks pages are in both. A network that the stack file adds (\`externalNetworks\`) is others', with others in it.
What is not kept from a container: the host itself, at the address of its gateway, on ports that the host opens to all its addresses; and a packet without an answer
(UDP), which leaves with an address that nothing outside knows.

A service finds a server no more, or a page of the outside? \`docker inspect --format '{{json .NetworkSettings.Networks}}' NAME\` says where it is;
\`networks: [default, servers]\` of the service, and \`make up\`, lets it out.

A deployment of an earlier version: the next \`make up\` replaces every container once, databases too; their volumes stay. \`make preview\` says how long each is away.

## Section 5 of the CIS Docker Benchmark 1.6 (docker-bench-security 1.6), and 4.1

| | point | here | not for | because |
|---|---|---|---|---|
`;

export function securityPage(): string {
  const rows = POINTS.flatMap(({ id, title, how, exceptions }) => {
    const first = `| ${id} | ${title} | ${how} |`;
    if (exceptions.length === 0) return [`${first} | |`];
    return exceptions.map(({ services, why }, index) => {
      const names = services.map((name) => `\`${name}\``).join(", ");
      return `${index === 0 ? first : "| | | |"} ${names} | ${why} |`;
    });
  });
  return `${HEAD}${rows.join("\n")}\n`;
}
