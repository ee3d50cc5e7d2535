// The picture of a stack from its resource graph: which services are drawn, as what, and who waits for whom.
import { topology, type GraphResource } from "../../../operations/topology/picture.ts";
import { Checkout } from "../support/checkout.ts";

const urn = (name: string) => `urn:pulumi:test::robotoff-protea::type::${name}`;
const SERVICE = "robotoff-protea:components:Service";

/** A service's component and what is below it. `needs`: members of other services. */
function service(system: string, name: string, kind: { job?: boolean; count?: number; needs?: string[] } = {}) {
  const own = `${system}-${name}`;
  const container = (n: number): GraphResource => ({
    urn: urn(`${own}-${n}`),
    type: "docker:index/container:Container",
    parent: urn(own),
    dependencies: [urn(`${system}-network`), ...(kind.needs ?? []).map(urn)],
  });
  const healthy: GraphResource = { urn: urn(`${own}-healthy`), type: "command:local:Command", parent: urn(own) };
  return [
    { urn: urn(own), type: SERVICE, parent: urn(system) },
    ...Array.from({ length: kind.count ?? 1 }, (_, index) => container(index + 1)),
    kind.job ? { ...healthy, urn: urn(`${own}-run-1`), dependencies: [urn(`${own}-1`)] } : healthy,
  ];
}
const network = { urn: urn("a-network"), type: "docker:index/network:Network", parent: urn("a") };
const lines = (...resources: GraphResource[][]) => topology([network, ...resources.flat()]).split("\n");

test("services by system, a job rounded, several containers counted, an arrow for what waits", () => {
  expect(
    lines(
      service("b", "worker", { count: 3, needs: ["b-api-healthy"] }),
      service("b", "api"),
      service("a", "api", { needs: ["a-migrate-run-1"] }),
      service("a", "migrate", { job: true }),
    ),
  ).toEqual([
    "flowchart LR",
    "  subgraph a",
    '    a-api["api"]',
    '    a-migrate(["migrate"])',
    "  end",
    "  subgraph b",
    '    b-api["api"]',
    '    b-worker["worker ×3"]',
    "  end",
    "  a-api --> a-migrate",
    "  b-worker --> b-api",
  ]);
});

test("what follows from other arrows is not drawn, over any number of steps", () => {
  expect(
    lines(
      service("a", "api", { needs: ["a-init-run-1", "a-db-healthy", "a-migrate-run-1"] }),
      service("a", "init", { job: true, needs: ["a-migrate-run-1"] }),
      service("a", "migrate", { job: true, needs: ["a-db-healthy"] }),
      service("a", "db"),
    ).slice(-3),
  ).toEqual(["  a-api --> a-init", "  a-init --> a-migrate", "  a-migrate --> a-db"]);
});

test("services that wait for the same and are waited for by the same are one node; its arrows are drawn once", () => {
  expect(
    lines(
      service("a", "db"),
      service("a", "w1", { needs: ["a-db-healthy"] }),
      service("a", "w2", { needs: ["a-db-healthy"], count: 2 }),
      service("a", "other", { needs: ["a-w9-healthy"] }),
      service("a", "w9", { needs: ["a-db-healthy"] }),
    ),
  ).toEqual([
    "flowchart LR",
    "  subgraph a",
    '    a-db["db"]',
    '    a-other["other"]',
    '    a-w1["w1<br/>w2 ×2"]',
    '    a-w9["w9"]',
    "  end",
    "  a-other --> a-w9",
    "  a-w1 --> a-db",
    "  a-w9 --> a-db",
  ]);
});

test("a job and a service, or two systems, are never one node", () => {
  const drawn = lines(
    service("a", "db"),
    service("b", "x"),
    service("a", "w", { needs: ["a-db-healthy"] }),
    service("a", "j", { job: true, needs: ["a-db-healthy"] }),
    service("b", "y", { needs: ["a-db-healthy"] }),
  );
  expect(drawn.filter((line) => /[[(]/.test(line))).toEqual([
    '    a-db["db"]',
    '    a-j(["j"])',
    '    a-w["w"]',
    '    b-x["x"]',
    '    b-y["y"]',
  ]);
});

test("a service's members that wait for each other, and a command that is no job's", () => {
  const [component, container, healthy] = service("a", "db");
  const waiting = { ...healthy!, urn: urn("a-db-run-time"), dependencies: [container!.urn] };
  expect(lines([component!, container!, waiting])).toEqual(["flowchart LR", "  subgraph a", '    a-db["db"]', "  end"]);
});

describe("make topology", () => {
  let checkout: Checkout;
  beforeEach(() => (checkout = new Checkout()));
  afterEach(() => checkout.remove());

  test("prints the deployed stack's", async () => {
    checkout.state({ resources: service("a", "db") }, "staging");
    expect(await checkout.operation("topology", "--stack", "staging")).toEqual({
      status: 0,
      stdout: 'flowchart LR\n  subgraph a\n    a-db["db"]\n  end\n',
      stderr: "",
    });
  });

  test("of a stack that was never deployed there is none", async () => {
    expect(await checkout.operation("topology")).toEqual({
      status: 1,
      stdout: "",
      stderr: "the stack local has no resources yet; make up STACK=local\n",
    });
  });
});
