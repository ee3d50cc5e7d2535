/**
 * `make why`: of each container that is stopped, restarting or not healthy, what its health check said and its last
 * log lines. `make up` ends with it when it fails: the Docker plug-in says only that a container is not healthy.
 */
import { run } from "./command.ts";
import { look } from "./containers/look.ts";
import { tellWhy } from "./containers/tell.ts";
import { alike } from "./drift/alike.ts";
import { readStack } from "./stack.ts";

export const done = run(["tail"], (options) => {
  const stack = readStack(options.stack);
  tellWhy(options, options.tail, alike(stack, look(options, stack)));
  return 0;
});
