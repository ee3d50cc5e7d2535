/** What a hand can do to a host, on staging's: commands go to it over SSH, through a proxy (docs/rehearsal.md). */
import { succeeded } from "../engine/host.ts";
import { FarStack } from "../hosts/far-stack.ts";
import type { Lab } from "../hosts/lab.ts";
import { Rehearsal } from "../hosts/rehearsal.ts";
import { driftMatrix, type Place } from "./drift-matrix.ts";

let lab: Lab;
let place: Place;

beforeAll(async () => {
  let rehearsal: Rehearsal;
  ({ lab, rehearsal } = await Rehearsal.forTest("staging"));
  rehearsal.change("staging", { "robotoff:enabled": false });
  succeeded(rehearsal.make("up", "staging"));
  const stack = new FarStack(lab, rehearsal, "staging");
  stack.query("protea", "create table kept (id serial primary key, word text); insert into kept (word) select md5(g::text) from generate_series(1, 2000) g"); // prettier-ignore
  const images = new Map(stack.described.systems[0]!.services.map(({ name, image }) => [name, image]));
  // Postgres' can sleep as well.
  place = Object.assign(stack, { image: images.get("frontend")!, idle: images.get("postgres")!, others: [] });
}, 900_000);

afterAll(() => lab.down());

driftMatrix(() => place);
