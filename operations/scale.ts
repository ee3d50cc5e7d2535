/** `make scale`: another number of containers of a service or worker pool, in the stack file first, then on the host. */
import { run, selected } from "./command.ts";
import { show } from "../hosts/docker.ts";
import { poolPath, replicasWanted, withReplicas } from "./scale/replicas.ts";
import { readStack, readStackFile, stackFile, writeStackFile } from "./stack.ts";

export const done = run(["replicas"], async ({ stack, system, service, replicas: given }) => {
  if (!service) throw new Error("expected SERVICE=, the name of a service or of a worker pool");
  const text = readStackFile(stack);
  const described = readStack(stack, text);
  const pool = poolPath(text, service);
  const owner = pool?.split(":")[0] ?? selected(described, { system, service })[0]!.name;
  const services = described.systems.find((one) => one.name === owner)?.services ?? [];
  const known = services.find((one) => one.name === service);
  if (!pool && known?.path.includes(":workers["))
    throw new Error(`${service} is one of a pool (${known.path}); scale the pool by its name`);
  if (known?.kind === "job") throw new Error(`${service} is a job: it runs once, in one container`);
  const now = services
    .filter((one) => (pool ? one.path === pool : one.name === service))
    .reduce((sum, one) => sum + one.replicas, 0);
  const replicas = replicasWanted(given, now);

  const changed = withReplicas(text, owner, service, replicas);
  // The rules speak first: what they refuse is not written.
  readStack(stack, changed);
  writeStackFile(stack, changed);
  console.log(
    changed === text
      ? `${stackFile(stack)} says so already`
      : `${stackFile(stack)}: ${owner} ${service}, replicas: ${replicas}`,
  );
  // Of this system only: the other one may be down on purpose.
  return show(["make", "--no-print-directory", "up", `STACK=${stack}`, `SYSTEM=${owner}`]);
});
