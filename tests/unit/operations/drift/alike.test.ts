// What `make status` and `make why` say of a container that runs well, and is not what is declared.
import { rows as statusRows, declared } from "../../../../operations/containers/rows.ts";
import { alike } from "../../../../operations/drift/alike.ts";
import { applied } from "../../../../operations/drift/applied.ts";
import type { Container } from "../../../../operations/drift/containers.ts";
import { found, service, stackOf, state } from "../../support/drift.ts";

/** The problem of the one container. @param before the state; empty: it is not at hand */
function problem(change: (container: Container) => void, one = service(), before = state(one, false)) {
  const stack = stackOf(one);
  const inspected = found(({ container }) => change(container)).containers;
  const wanted = declared(stack.systems[0]!);
  const rows = statusRows(wanted, inspected, "local", Date.now());
  const look = { host: stack.host, wanted, found: rows, inspected, ended: new Map<string, string>() };
  return alike(stack, look, applied(before)).found[0]!.problem;
}

test("as declared, whether the state is at hand or not", () => {
  expect(problem(() => undefined)).toBeUndefined();
  expect(problem(() => undefined, service(), [])).toBeUndefined();
});

test("an impostor, even if it looks the same, however it runs", () => {
  const impostor = (container: Container) => (container.Id = "f00");
  expect(problem(impostor)).toBe("not the container that the last up made");
  const paused = (container: Container) => [impostor(container), (container.State.Status = "paused")];
  expect(problem(paused)).toBe("not the container that the last up made");
});

test("what differs is named, the first three of it", () => {
  const privileged = ({ HostConfig }: Container) => (HostConfig.Privileged = true);
  expect(problem(privileged, service(), [])).toBe("other privileged (make drift)");
  const much = (container: Container) => {
    privileged(container);
    Object.assign(container.HostConfig, { Memory: 1, CpuShares: 2, PidsLimit: 3 });
  };
  expect(problem(much)).toBe("other memory, cpu shares, pids limit and 1 more (make drift)");
  expect(problem(({ Config }) => (Config.Labels!["com.docker.compose.config-hash"] = "0"))).toBe(
    "other settings (make drift)",
  );
});

test("what has a problem already keeps it", () => {
  const paused = (container: Container) => {
    container.State.Status = "paused";
    container.HostConfig.Privileged = true;
  };
  expect(problem(paused)).toBe("paused");
});

test("a stack file that was changed since the last up", () => {
  const declared = { ...service(), memory: 2 ** 30 };
  expect(problem(() => undefined, declared, state())).toBe("other memory, memory swap (make drift)");
});
