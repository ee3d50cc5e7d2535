/** `make gpu`: what the host's GPUs do and for whom. Exit code 1 when it has none. */
import { runScript, showScript } from "../hosts/run.ts";
import { run } from "./command.ts";
import { readStack } from "./stack.ts";

export const done = run([], ({ stack }) => {
  const { host } = readStack(stack);
  showScript(host, "gpu");
  const { code, stdout, stderr } = runScript(host, "gpu");
  process.stdout.write(stdout);
  if (code === 0) return 0;
  throw new Error(stderr.trim() || `nvidia-smi ended with exit code ${code}`);
});
