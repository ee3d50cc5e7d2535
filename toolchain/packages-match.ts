// node toolchain/packages-match.ts LOCK INSTALLED: succeeds when npm's list of what it installed is what the lock file says.
import { readFileSync } from "node:fs";

interface Package {
  version?: string;
  optional?: boolean;
}

function packages(file: string): Map<string, Package> {
  const list = (JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, Package> }).packages;
  return new Map(Object.entries(list).filter(([path]) => path !== ""));
}

function match(lock: Map<string, Package>, installed: Map<string, Package>): boolean {
  // Optional packages are for other kinds of machines.
  const wanted = [...lock].every(([path, one]) => one.optional || installed.get(path)?.version === one.version);
  return wanted && [...installed].every(([path, one]) => lock.get(path)?.version === one.version);
}

try {
  const [lock, installed] = process.argv.slice(2).map(packages);
  process.exitCode = lock && installed && match(lock, installed) ? 0 : 1;
} catch {
  process.exitCode = 1;
}
