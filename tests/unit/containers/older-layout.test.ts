/** The layout of the older runbook, expressed by configuration alone. */
import { containersOf } from "../support/containers.ts";
import { fileValues, raw } from "../support/stack.ts";
import { describeStack } from "../../../systems/stack.ts";

const containers = containersOf(
  describeStack(raw(fileValues("tests/unit/containers/older-layout.yaml"), { stack: "older" })),
  "older",
);

test("its five containers, with the runbook's images, commands and ports", () => {
  const shown = Object.entries(containers).map(([name, { image, command, ports }]) => ({
    name,
    image,
    command: command?.slice(0, 2).join(" "),
    ports: ports.map((port) => `${port.ip}:${port.external}->${port.internal}/${port.protocol}`),
  }));
  expect(shown).toEqual([
    {
      name: "robotoff_postgres_1",
      image: "postgres:11.2-alpine",
      command: "postgres -c",
      ports: ["127.0.0.1:5432->5432/tcp"],
    },
    {
      name: "robotoff_elasticsearch_1",
      image: "raphael0202/elasticsearch:6.5.4",
      command: undefined,
      ports: ["127.0.0.1:9200->9200/tcp", "127.0.0.1:9300->9300/tcp"],
    },
    {
      name: "robotoff_api_1",
      image: "openfoodfacts/robotoff:2019.9",
      command: "/usr/local/bin/gunicorn --config",
      ports: ["127.0.0.1:5500->5500/tcp"],
    },
    {
      name: "robotoff_scheduler_1",
      image: "openfoodfacts/robotoff:2019.9",
      command: "python3 robotoff.py",
      ports: [],
    },
    { name: "robotoff_workers_1", image: "openfoodfacts/robotoff:2019.9", command: "python3 robotoff.py", ports: [] },
  ]);
});

test("without Triton's container, its address is where it runs", () => {
  expect(containers["robotoff_workers_1"]!.environment.DEFAULT_TRITON_URI).toBe("10.3.0.101:5504");
});
