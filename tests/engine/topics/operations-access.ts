import { SECRETS } from "../../../systems/spec.ts";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failed, succeeded } from "../host.ts";
import type { TestStack } from "../stack.harness.ts";

/** What `make password` and `make expose` give away, and what not. */
export function accessOperations(get: () => TestStack): void {
  describe("make password and expose", () => {
    test("a generated password is the server's; it is shown on request only", () => {
      const words = ["--system", "protea", "--service", "rabbitmq"];
      const inContainer = get().docker(
        "exec",
        get().container("protea", "rabbitmq"),
        "cat",
        `${SECRETS}/RABBITMQ_DEFAULT_PASS`,
      );
      const shown = succeeded(get().operation("password", ...words, "--show", "1"));
      expect(shown.split("\n")).toContain(inContainer);
      expect(failed(get().operation("password", ...words))).not.toContain(inContainer);
    });

    test("the tunnel leads to the frontend, which answers there", () => {
      // The program that makes the tunnel needs the internet; what it is asked for is what counts.
      const folder = mkdtempSync(join(tmpdir(), "expose-"));
      const path = process.env.PATH;
      try {
        writeFileSync(join(folder, "ngrok"), '#!/bin/sh\necho "asked: $*"\n');
        chmodSync(join(folder, "ngrok"), 0o755);
        process.env.PATH = `${folder}:${path}`;
        const frontend = get().url("frontend of protea", 3000);
        expect(succeeded(get().operation("expose"))).toContain(`asked: http ${frontend}\n`);
        get().docker("stop", get().container("protea", "frontend"));
        expect(failed(get().operation("expose"))).toContain(`the frontend does not answer at ${frontend}/`);
      } finally {
        process.env.PATH = path;
        get().docker("start", get().container("protea", "frontend"));
        rmSync(folder, { recursive: true });
      }
    });
  });
}
