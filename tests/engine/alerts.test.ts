/** A few faults of a stack that is watched, a sample of `make faults`: each is told, by its own alert alone, and its end. */
import { succeeded } from "./host.ts";
import { Watched } from "./watched.ts";

let watched: Watched;

beforeAll(async () => {
  // Of what is killed for lack of memory the kernel counts the whole machine's, and the test of Redis' backups has such a kill.
  watched = await Watched.create(["protea"], ["ContainerOutOfMemory"]);
}, 600_000);

afterAll(() => watched.remove());

test.each(["rabbitmq of protea is stopped", "a second worker on protea.embeddings"])("%s", (name) =>
  watched.tells(name),
);

test("make report has what was wrong, and the backups", () => {
  const text = succeeded(watched.stack.operation("report"));
  expect(text).toMatch(/^ {2}protea rabbitmq: 1 times$/m);
  expect(text).toMatch(/^protea +\d+ min old +20/m);
  expect(text).toMatch(/^protea api +\d+\.\d\d %$/m);
});
