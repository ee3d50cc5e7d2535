// What PROTEA's real images demand, by their miniatures: a stack file that forgets it must fail here, not on a VM.
import { until } from "../http.ts";
import { Container, runOnce, setUp, tearDown } from "./images.harness.ts";

beforeAll(setUp);
afterAll(tearDown);

const asks = [
  "bash",
  "-c",
  'exec 3<>/dev/tcp/127.0.0.1/3000 && printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3 && grep -q PROTEA <&3',
];

test("the frontend listens where HOSTNAME says: not on 127.0.0.1 by Docker's default", async () => {
  const told = new Container("protea-frontend", { env: { HOSTNAME: "0.0.0.0" } });
  const untold = new Container("protea-frontend");
  await told.until(asks, 20);
  await untold.until(["bash", "-c", "exec 3<>/dev/tcp/server/3000"], 20);
  expect(untold.exec(...asks).code).not.toBe(0);
  for (const container of [told, untold]) container.remove();
});

test("the frontend's API is the one of its build, whatever the environment says", async () => {
  const frontend = new Container("protea-frontend", {
    env: { HOSTNAME: "0.0.0.0", PROTEA_API_URL: "http://127.0.0.1:3000" },
  });
  await frontend.until(asks, 20);
  const status = frontend.run(
    "bash", "-c", 'exec 3<>/dev/tcp/127.0.0.1/3000; printf "GET /api-proxy/healthz HTTP/1.0\\r\\n\\r\\n" >&3; head -n 1 <&3',
  ); // prettier-ignore
  expect(status).toContain("502");
  frontend.remove();
});

test.each([
  ["with a percent-encoded password", "p%40ss", "alembic's configuration takes no % in PROTEA_DB_URL"],
  ["with a plain one, where there is no database", "pass", "could not translate host name"],
])("migrating %s", (_, password, message) => {
  const url = `postgresql+psycopg://app:${password}@nobody.invalid/app`;
  const { code, text } = runOnce("protea", ["--env", `PROTEA_DB_URL=${url}`], "alembic", "upgrade", "head");
  expect(code).toBe(1);
  expect(text).toContain(message);
  expect(text).not.toContain(password);
});

test("the reaper refuses times that upstream refuses", () => {
  const name = "PROTEA_TUNING__WORKER__REAPER_MAIN_TIMEOUT_SECONDS";
  const { code, text } = runOnce("protea", ["--env", `${name}=60`], "python", "scripts/worker.py", "--queue", "reaper");
  expect(code).toBe(1);
  expect(text).toContain(`${name} is 60, expected at least 300`);
});

test("a worker downloads its taxonomy before it connects, once for as long as its volume is kept", async () => {
  const worker = () =>
    new Container(
      "protea",
      { args: ["python", "scripts/worker.py", "--queue", "protea.jobs"], data: "/root/.etetoolkit" },
      "taxonomy",
    );
  for (const said of ["NCBI taxonomy: downloading to /root/.etetoolkit", "NCBI taxonomy: found in /root/.etetoolkit"]) {
    const container = worker();
    await until(said, 20, () => container.logs().includes(said));
    await container.until(["test", "-s", "/root/.etetoolkit/taxa.sqlite"], 20);
    container.remove();
  }
});
