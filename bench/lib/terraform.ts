/** `terraform` with the very provider that the Docker plug-in is made of; only where both are at hand. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { containerArguments } from "../../engines/docker/container-args.ts";
import { networkName, type SystemSpec } from "../../systems/spec.ts";
import { run } from "../../tests/engine/stack.harness.ts";
import type { ContainerSide } from "./container-sides.ts";
import { output } from "./processes.ts";

const MODULE = "github.com/terraform-providers/terraform-provider-docker";

/** Builds the provider that toolchain/plugin-docker/go.mod pins, from its module; undefined where terraform or Go is missing. */
export async function provider(): Promise<string | undefined> {
  if (run("sh", ["-c", "command -v terraform && command -v go"]).code !== 0) return undefined;
  const list = ["go", "list", "-C", "toolchain/plugin-docker", "-m", "-f", "{{.Dir}}", MODULE];
  const source = (await output({ command: list })).trim();
  const folder = mkdtempSync(join(tmpdir(), "provider-"));
  await output({ command: ["go", "build", "-C", source, "-o", join(folder, "terraform-provider-docker"), "."] });
  return folder;
}

/** The system as a terraform configuration in an own folder. */
export function terraform(system: SystemSpec, providerFolder: string): ContainerSide {
  const cwd = mkdtempSync(join(tmpdir(), "terraform-"));
  const label = (labels: Record<string, string>) =>
    Object.entries(labels).map(([name, value]) => ({ label: name, value }));
  const containers = system.services.map((service) => {
    const made = containerArguments(system, service, 1, system.project, false);
    return [
      service.name,
      {
        name: made.name,
        image: "${docker_image.image.image_id}",
        command: made.command,
        labels: label(made.labels),
        networks_advanced: [{ name: "${docker_network.network.name}", aliases: [service.name] }],
        restart: made.restart,
        memory: made.memory,
        memory_swap: made.memorySwap,
        log_driver: made.logDriver,
        log_opts: made.logOpts,
        security_opts: made.securityOpts,
      },
    ];
  });
  const labels = label({ "com.docker.compose.project": system.project });
  writeFileSync(
    join(cwd, "main.tf.json"),
    JSON.stringify({
      terraform: { required_providers: { docker: { source: "kreuzwerker/docker" } } },
      resource: {
        docker_network: { network: { name: networkName(system, "default"), labels } },
        docker_image: { image: { name: system.services[0]!.image, keep_locally: true } },
        docker_container: Object.fromEntries(containers) as object,
      },
    }),
  );
  const config = join(cwd, "terraform.rc");
  writeFileSync(
    config,
    `provider_installation {\n  dev_overrides { "kreuzwerker/docker" = "${providerFolder}" }\n  direct {}\n}\n`,
  );
  const env = { TF_CLI_CONFIG_FILE: config, CHECKPOINT_DISABLE: "1" };
  const call = (...args: string[]) =>
    output({ command: ["terraform", ...args, "-no-color", "-input=false"], cwd, env });
  return { up: () => call("apply", "-auto-approve"), plan: () => call("plan", "-detailed-exitcode") };
}
