// Loaded before the program (Pulumi.yaml, nodeargs): takes work off @pulumi/pulumi's start that this program has no use
// for. docs/toolchain.md has the figures. All of it is optional: without this file the program does the same, slower.
import Module, { enableCompileCache } from "node:module";

// Compiled modules are kept on disk from run to run. bin/pulumi has said where (NODE_COMPILE_CACHE); else Node's own place.
enableCompileCache();

type Load = (request: string, parent?: { filename?: string | null } | null, ...rest: unknown[]) => unknown;
const loader = Module as unknown as { _load: Load };
const load = loader._load;
const SDK = /[\\/]node_modules[\\/]@pulumi[\\/]pulumi[\\/](?!(?:.*[\\/])?node_modules[\\/])/;

loader._load = function (request, parent, ...rest) {
  const real = (): object => load.call(this, request, parent, ...rest) as object;
  // By who asks as well as by name: other packages have a ./debuggable, too, and may need TypeScript or the source maps.
  if (!SDK.test(parent?.filename ?? "")) return real();
  switch (request) {
    case "source-map-support/register":
      return {};
    case "@npmcli/arborist":
    case "typescript":
      return later(real);
    case "../../runtime/closure/v8Hooks":
      return { isInitializedAsync: () => Promise.resolve() };
    case "./debuggable":
      return withoutStacks(real() as Debuggable);
    default:
      return real();
  }
};

// The hook of source-map-support maps the stack trace of every resource. There is nothing to map: Node removes types in
// place, so lines and columns are those of the TypeScript files anyway.

// npm's dependency resolver, the TypeScript compiler and a debugger session on this very process serialise functions into
// closures, which this program does not do. Whoever does, gets them then.

/** A module that is loaded when somebody asks for something in it. */
function later(real: () => object): object {
  // The compiler's import helper asks for __esModule at once, and copies every property unless it is set.
  return new Proxy({}, { get: (_, key) => (key === "__esModule" ? true : (Reflect.get(real(), key) as unknown)) });
}

interface Debuggable {
  debuggablePromise: (promise: object, context: unknown) => object;
}
const patched = new WeakSet<object>();

/** Every promise of the SDK keeps the stack of its making, for messages about leaks. They name its purpose without it. */
function withoutStacks(debuggable: Debuggable): Debuggable {
  if (patched.has(debuggable)) return debuggable;
  patched.add(debuggable);
  const real = debuggable.debuggablePromise;
  debuggable.debuggablePromise = (promise, context) => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return real(promise, context);
    } finally {
      Error.stackTraceLimit = limit;
    }
  };
  return debuggable;
}
