// A rehearsal on this machine, in a shell that is set up for a team's real stacks.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Lab } from "../../hosts/lab.ts";
import { Rehearsal } from "../../hosts/rehearsal.ts";

const folder = mkdtempSync(join(tmpdir(), "rehearsal-"));
const lab = { folder, laptop: [], identity: `${folder}/key`, hostKey: () => "ssh-ed25519 AAAA" } as unknown as Lab;
const here = process.cwd();
const before = { ...process.env };
beforeAll(() => {
  mkdirSync(join(folder, "checkout"));
  Object.assign(process.env, {
    PULUMI_BACKEND_URL: "s3://the-team",
    PULUMI_CONFIG_PASSPHRASE: "x",
    PULUMI_CONFIG_PASSPHRASE_FILE: "/the/team",
  });
});
afterAll(() => {
  process.chdir(here);
  process.env = before;
  rmSync(folder, { recursive: true });
});

test("its state and passphrase are its own", async () => {
  const rehearsal = new Rehearsal(lab);
  expect(rehearsal.run("sh", "-c", 'env | grep -E "PULUMI_(BACKEND|CONFIG)" || echo none')).toEqual({
    code: 0,
    text: "none\n",
  });
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin/make"), '#!/bin/sh\nenv | grep -E "PULUMI_(BACKEND|CONFIG)" || echo none\n', {
    mode: 0o755,
  });
  process.env.PATH = `${folder}/bin:${process.env.PATH}`;
  expect(await rehearsal.begin("up", "staging").ended).toEqual({ code: 0, text: "none\n" });
});

test("of the committed stack file it has everything but the team's secrets", () => {
  process.chdir(folder);
  mkdirSync("tests/hosts", { recursive: true });
  writeFileSync("tests/hosts/overlay.yaml", "both: {}\nstaging: {}\n");
  writeFileSync(
    "Pulumi.staging.yaml",
    'config:\n  a:b: { c: 1 }\n  a:secret:\n    secure: v1:x\nencryptionsalt: "v1:y"\n',
  );
  const config = new Rehearsal(lab).config("staging");
  expect(Object.keys(config)).toEqual(["a:b", "host:ssh"]);
});
