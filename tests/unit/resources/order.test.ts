/** The order in which services are declared. */
import { inOrder } from "../../../systems/order.ts";
import { completed, healthy, serviceSpec } from "../../../systems/service-spec.ts";
import { committed, STACKS } from "../support/stack.ts";

const one = (name: string, ...needs: string[]) => serviceSpec({ name, image: "x:1", needs: healthy(...needs) });

test("each comes after what it needs, and otherwise stays where it was", () => {
  const services = [one("api", "database", "queue"), one("queue"), one("database", "disk"), one("disk"), one("other")];
  expect(inOrder(services).map(({ name }) => name)).toEqual(["disk", "database", "queue", "api", "other"]);
});

test("a circle is told", () => {
  const services = [one("a", "b"), one("b", "c"), one("c", "a")];
  expect(() => inOrder(services)).toThrow(new Error("services need each other: a -> b -> c -> a"));
});

test("an unknown need is told", () => {
  const services = [{ ...one("a"), path: "robotoff:services.a", needs: completed("migration") }];
  expect(() => inOrder(services)).toThrow(new Error('robotoff:services.a: needs "migration", which is not declared'));
});

test.each(STACKS)("every service of %s is declared once, after what it needs", (stack) => {
  for (const system of committed(stack).systems) {
    const ordered = inOrder(system.services).map(({ name }) => name);
    expect([...ordered].sort()).toEqual(system.services.map(({ name }) => name).sort());
    for (const { name, needs } of system.services)
      for (const need of needs) expect([need.service, name]).toEqual(inTurn(ordered, need.service, name));
  }
});

/** Both, the earlier first. */
function inTurn(ordered: string[], a: string, b: string): string[] {
  return [a, b].sort((x, y) => ordered.indexOf(x) - ordered.indexOf(y));
}
