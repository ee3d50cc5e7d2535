// A server's image declares a volume, so each scratch server has one without a name, which stays when its container goes without -v.
import { globSync, readFileSync } from "node:fs";

test.each(globSync("hosts/scripts/*.sh"))("%s removes no container without its anonymous volumes", (file) => {
  const lines = readFileSync(file, "utf8").split("\n");
  const removals = lines.filter((line) => /docker rm\b/.test(line));
  expect(removals.filter((line) => !/docker rm\b.* (-v|--volumes)\b/.test(line))).toEqual([]);
});
