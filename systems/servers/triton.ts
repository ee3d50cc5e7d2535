import type { ServiceSpec } from "../spec.ts";
import { healthcheck, OPENING } from "../healthchecks.ts";
import { serviceSpec, TMP } from "../service-spec.ts";

/** Triton; models are loaded and unloaded by name while it runs, all of them at the start. */
export function triton(args: {
  image: string;
  /** Volume or host folder of the model repository. */
  models: string;
  ports: ServiceSpec["ports"];
  memory: number;
}): ServiceSpec {
  return serviceSpec({
    name: "triton",
    server: true,
    image: args.image,
    command: ["tritonserver", "--model-repository=/models", "--model-control-mode=explicit", "--load-model=*"],
    ports: args.ports,
    mounts: [{ source: args.models, target: "/models", readOnly: false }],
    healthcheck: healthcheck(["CMD", "curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8000/v2/health/ready"], {
      startPeriod: OPENING,
    }),
    memory: args.memory,
    // The image's user triton-server; root is its default alone.
    user: "1000:1000",
    tmpfs: [TMP],
    stopGracePeriod: 40_000,
  });
}
