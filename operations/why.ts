/**
 * `make why`: of each container that is stopped, restarting or not healthy, what its health check said and its last
 * log lines. `make up` ends with it when it fails: the Docker plug-in says only that a container is not healthy.
 */
import { run } from "./command.ts";
import { tellWhy } from "./containers/tell.ts";

export const done = run(["tail"], (options) => {
  tellWhy(options, options.tail);
  return 0;
});
