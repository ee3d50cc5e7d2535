// The first import of index.ts: takes about a third off an empty preview (docs/toolchain.md). All of it is optional.
import Module, { enableCompileCache } from "node:module";

// Compiled modules are kept on disk from run to run. bin/pulumi has said where (NODE_COMPILE_CACHE); else Node's own place.
enableCompileCache();

// @pulumi/pulumi installs a hook that maps every resource's stack trace through source maps. There are none here: Node
// removes types in place, so lines and columns are those of the TypeScript files anyway.
delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;

// @pulumi/pulumi loads npm's dependency resolver at start, and needs it only to serialise functions into closures, which
// this program does not do. It is loaded when somebody asks for something in it.
type Load = (request: string, ...rest: unknown[]) => unknown;
const loader = Module as unknown as { _load: Load };
const load = loader._load;
loader._load = function (request, ...rest) {
  if (request !== "@npmcli/arborist") return load.call(this, request, ...rest);
  const real = (): object => load.call(this, request, ...rest) as object;
  // The compiler's import helper asks for this one at once, and copies every property unless it is set.
  const get = (_: object, property: string | symbol): unknown =>
    property === "__esModule" ? true : Reflect.get(real(), property);
  return new Proxy({}, { get });
};
