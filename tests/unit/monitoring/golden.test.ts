/** Whole files of Prometheus and Alertmanager, and whole arguments of their containers, with monitoring on. `npm run unit:golden` writes them. */
import { containersOf, render } from "../support/containers.ts";
import { expectGolden } from "../support/golden.ts";
import { fileOf, monitored, monitoringOf } from "./support.ts";

const FOLDER = "tests/unit/monitoring";

test("local: prometheus.yml", () => {
  expectGolden(fileOf(monitored("local"), "prometheus", "prometheus.yml"), `${FOLDER}/prometheus.json`);
});

test("local: what is declared, as series", () => {
  // An image's tag follows from its recipe.
  const text = fileOf(monitored("local"), "prometheus", "declared.yml").replace(/:[0-9a-f]{12}"/g, ':HASH"');
  expectGolden(text, `${FOLDER}/declared.json`);
});

test("staging: alertmanager.yml, with everyone who can be told", () => {
  const everyone = {
    mail: { to: ["a@example.org", "b@example.org"], from: "c@example.org", server: "mail.example.org:587", user: "c" },
    webhook: "https://hooks.example.org/alerts",
    slack: { channel: "#alerts" },
  };
  const values = { "monitoring:receivers": everyone, "monitoring:deadManSwitch": "https://hc.example.org/ping/1" };
  expectGolden(fileOf(monitored("staging", values), "alertmanager", "alertmanager.yml"), `${FOLDER}/alertmanager.json`);
});

test("staging: every argument of every container", () => {
  const stack = monitored("staging");
  // Their files have tests of their own.
  const bare = monitoringOf(stack).services.map((service) => ({
    ...service,
    files: service.files.map(({ path }) => ({ path, content: "" })),
  }));
  const text = render(containersOf({ ...stack, systems: [{ ...monitoringOf(stack), services: bare }] }, "staging"));
  expectGolden(text, `${FOLDER}/staging.yaml`);
});
