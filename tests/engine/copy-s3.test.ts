/** The copy off the host in a bucket with object lock: what is deleted there is a version that can be had again. */
import { variableLines } from "../../operations/kit/variables.ts";
import { Container, runOnce, setUp, tearDown } from "./images.harness.ts";

const PASSWORD = "hunter2-hunter2";
const SERVER = "http://minio:9000";
let copier: Container;

const mc = (line: string) =>
  runOnce("mc", ["--env", `MC_HOST_s=http://here:${PASSWORD}@minio:9000`, "--entrypoint", "sh"], "-c", line);
const sh = (line: string) => copier.run("sh", "-c", line);

beforeAll(async () => {
  setUp();
  const env = { MINIO_ROOT_USER: "here", MINIO_ROOT_PASSWORD: PASSWORD };
  const server = new Container("minio", { env, args: ["server", "/data"], options: ["--network-alias", "minio"] });
  await server.until(["curl", "-fsS", "http://127.0.0.1:9000/minio/health/ready"]);
  expect(mc("mc mb --with-lock s/bucket && mc retention set --default COMPLIANCE 30d s/bucket")).toMatchObject({
    code: 0,
  });
  const lines = variableLines(
    { repository: `s3:${SERVER}/bucket`, user: "here", image: "x" },
    "protea",
    () => PASSWORD,
  );
  const variables = Object.fromEntries(lines.trim().split("\n").map((line) => line.split("=") as [string, string])); // prettier-ignore
  copier = new Container("restic", { env: variables, options: ["--entrypoint", "tail"], args: ["-f", "/dev/null"] });
  sh("mkdir -p /backups/protea && head -c 2000000 /dev/urandom > /backups/protea/file");
  sh("restic init && restic backup --quiet /backups/protea");
});

afterAll(tearDown);

test("with the host's key all of it is removed, and as of a moment before it is there", () => {
  const moment = sh("sleep 1.1; date -u +%Y-%m-%dT%H:%M:%SZ; sleep 1.1");
  sh("restic forget --unsafe-allow-remove-all --path /backups/protea --prune");
  expect(sh("restic snapshots --json")).toBe("[]");
  expect(mc("mc rm -r --force s/bucket").code).toBe(0);
  expect(mc("mc rm -r --force --versions s/bucket").text).toContain("is WORM protected and cannot be overwritten");
  expect(mc("mc rb --force s/bucket").code).not.toBe(0);
  expect(mc("mc retention clear --default s/bucket; mc retention clear -r --versions s/bucket; mc rm -r --force --versions s/bucket").text).toContain("is WORM protected");
  // As docs/backups.md says to do after an attack.
  sh(`export RCLONE_CONFIG_S_TYPE=s3 RCLONE_CONFIG_S_PROVIDER=Other RCLONE_CONFIG_S_ENV_AUTH=true RCLONE_CONFIG_S_ENDPOINT=${SERVER};
    rclone copy --exclude 'locks/**' --s3-version-at ${moment} S:bucket/protea /srv/back`);
  sh("export RESTIC_REPOSITORY=/srv/back; restic check --read-data && restic restore latest --target /srv/restored");
  expect(sh("cd /srv/restored && sha256sum backups/protea/file")).toBe(sh("cd / && sha256sum backups/protea/file"));
}); // prettier-ignore
