import type * as pulumi from "@pulumi/pulumi";
import { healthArguments } from "../engines/docker/container-args.ts";
import type { SystemSpec } from "../systems/spec.ts";
import type { Host } from "./host.ts";
import type { Service } from "./service.ts";

/**
 * Waits until all containers of these services are healthy, in one process on the host; again when one is another.
 * A container that is not healthy in time stays as it is: the next `up` waits for it again.
 */
export function healthy(
  name: string,
  { host, system, services }: { host: Host; system: SystemSpec; services: Service[] },
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
  const containers = services.flatMap((service) => service.containers);
  const args = healthArguments(
    system,
    services.map(({ spec }) => spec),
  );
  const triggers = containers.map((container) => container.id);
  return host.run(name, { name: "healthy", args, triggers, after: containers }, opts);
}
