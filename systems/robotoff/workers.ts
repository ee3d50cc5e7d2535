import type { WorkerPool } from "../../config/robotoff.ts";
import { withSettings } from "../service-spec.ts";
import type { ServiceSpec } from "../spec.ts";

/**
 * A pool's services: NAME-1 … NAME-n of one container each, or one service NAME of n containers.
 * @param path where the stack file declares the pool
 * @param base a worker of that name, without its queues
 */
export function poolServices(pool: WorkerPool, path: string, base: (name: string) => ServiceSpec): ServiceSpec[] {
  const { name, replicas, numbered, queues, ...changes } = pool;
  const worker = (service: string, n: number, containers: number) =>
    withSettings(
      {
        ...base(service),
        command: ["python", "-m", "robotoff", "run-worker", ...queues.map((queue) => queue.replace("{n}", String(n)))],
        replicas: containers,
      },
      path,
      changes,
    );
  if (!numbered) return [worker(name, 1, replicas)];
  return Array.from({ length: replicas }, (_, index) => worker(`${name}-${index + 1}`, index + 1, 1));
}
