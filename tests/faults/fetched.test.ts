/**
 * A host over SSH loses its engine's data and its backups: make fetch brings these back from the copy off it, as the user who may only use
 * Docker, and one make up everything else.
 */
import { succeeded } from "../engine/host.ts";
import { copyImage } from "../hosts/images.ts";
import { REGISTRY, type Lab } from "../hosts/lab.ts";
import { Rehearsal } from "../hosts/rehearsal.ts";
import { throughRegistry } from "../../systems/registry.ts";
import { Contents } from "./contents.ts";

let lab: Lab;
let rehearsal: Rehearsal;
let contents: Contents;

const on = (...words: string[]) => lab.on("ovh200", ...words);
/** PROTEA alone is enough of a deployment. */
const make = (target: string) => succeeded(rehearsal.make(target, "staging", "SYSTEM=protea"));

/** Elsewhere: a server of restic's repositories that only lets add to them, as docs/backups.md says to run one. */
function startElsewhere(): void {
  rehearsal.change("staging", {
    "host:backups": { copy: { repository: "rest:http://10.1.0.201:8000/staging", user: "staging" } },
  });
  const get = ["bin/pulumi", "config", "get", "--stack", "staging", "host:copyServerPassword"];
  const password = succeeded(rehearsal.run(...get)).trim();
  const serve = ["serve", "restic", "--append-only", "--cache-objects=false", "--addr", ":8000", "/srv/copies"];
  const environment = ["--env", "RCLONE_USER=staging", "--env", `RCLONE_PASS=${password}`];
  const options = ["--publish", "10.1.0.201:8000:8000", ...environment, "--entrypoint", "rclone"];
  lab.on("ovh201", "docker", "run", "--detach", ...options, throughRegistry(copyImage(), REGISTRY), ...serve);
}

beforeAll(async () => {
  ({ lab, rehearsal } = await Rehearsal.forTest("staging"));
  contents = new Contents(
    (system, service) => [...lab.rootOn("ovh200"), "docker", "exec", `${system}-${service}-1`],
    ([, , , , , ...words]) => on(...words),
    ["protea"],
  );
  startElsewhere();
  make("up");
  contents.fill();
}, 900_000);

afterAll(() => lab.down());

test("make fetch, by the user who may only use Docker, then make up: everything is back", async () => {
  make("backup");
  const before = contents.seen();
  // What a fetch has to give back: owners that the user is not.
  const owners = () =>
    on("sh", "-c", "cd /srv/backups && stat -c '%U %a %n' . protea protea/2* protea/2*/* | sort -k 3");
  const owned = owners();
  expect(on("id", "-nG", "off")).toBe("off docker");

  on("find", "/srv/backups", "-mindepth", "1", "-delete");
  await lab.off("ovh200");
  lab.loseData("ovh200");
  lab.start("ovh200");
  await lab.answers("ovh200");
  // What is others': networks, and the volumes of the system that is not deployed here.
  rehearsal.furnish("staging");
  const begun = Date.now();
  expect(make("fetch")).toMatch(/protea: 2 backups are back in \/srv\/backups\/protea, /);
  expect(on("ls", "-A", "/srv/backups")).toBe("protea");
  expect(owners()).toBe(owned);
  const fetched = Date.now();
  make("up");
  const seconds = (from: number, to = Date.now()) => ((to - from) / 1_000).toFixed(1);
  console.log(`make fetch ${seconds(begun, fetched)} s, make up ${seconds(fetched)} s`);
  expect(make("status")).toContain("as declared");
  expect(contents.seen()).toEqual(before);
}, 1_800_000);
