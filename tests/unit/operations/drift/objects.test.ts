// What `make drift` says of networks, volumes, images, files, schedules, and of what nobody declared.
import { createHash } from "node:crypto";
import { applied } from "../../../../operations/drift/applied.ts";
import type { Found } from "../../../../operations/drift/ask.ts";
import type { Container } from "../../../../operations/drift/containers.ts";
import { hashes, scheduleRows, scriptRows, strayScheduleRows } from "../../../../operations/drift/files.ts";
import { byUp, shown } from "../../../../operations/drift/rows.ts";
import { engine, found, NAME, NETWORK, rows, service, state } from "../../support/drift.ts";

const VOLUME = "protea_rabbitmq_data";
const REPLACE = "make heal: replaced";

describe("the network", () => {
  const ANEW = `nothing of a network can be changed: docker network rm ${NETWORK} once nothing is in it, make up`;

  test.each<[string, (network: Found["networks"][number]) => void]>([
    ["network | 547a73ba9f26 | 0123456789ab", (network) => (network.Id = "0123456789abcdef")],
    ["driver | bridge | overlay", (network) => (network.Driver = "overlay")],
    ["internal | false | true", (network) => (network.Internal = true)],
    ["attachable | false | true", (network) => (network.Attachable = true)],
    ["ingress | false | true", (network) => (network.Ingress = true)],
    ["ipv6 | false | true", (network) => (network.EnableIPv6 = true)],
    [
      'options | [["com.docker.network.bridge.enable_ip_masquerade","false"]] | [["mtu","1400"]]',
      (network) => (network.Options = { mtu: "1400" }),
    ],
  ])("%s", (expected, change) => {
    expect(rows(found(({ network }) => change(network)))).toEqual([`${NETWORK} | ${expected} | ${ANEW}`]);
  });

  test("other labels, in whatever order", () => {
    const reversed = (labels: Record<string, string>) => Object.fromEntries(Object.entries(labels).reverse());
    expect(rows(found(({ network }) => (network.Labels = reversed(network.Labels!))))).toEqual([]);
    expect(rows(found(({ network }) => (network.Labels = null)))[0]).toMatch(
      /_servers \| labels \| \[\[.* \| \[\] \| /,
    );
  });

  test("missing, and one of others that is missing", () => {
    const declared = { ...service(), externalNetworks: ["po_webnet"] };
    const told = rows({ ...found(), networks: [] }, declared);
    expect(told).toContain(`${NETWORK} | network | there | missing | make up`);
    expect(told).toContain("po_webnet | external network | there | missing | docker network create po_webnet");
    const idle = rows({ ...found(), networks: [] }, { ...declared, replicas: 0 });
    expect(idle.join("\n")).not.toContain("po_webnet |");
  });
});

describe("volumes", () => {
  test("missing, and of another kind", () => {
    const gone = `${VOLUME} | volume | there | missing, its data with it | make up: made again and filled from the newest backup, if there is any`;
    expect(rows({ ...found(), volumes: [] })).toEqual([gone]);
    const mend = "never made anew: its data would be lost";
    expect(rows(found(({ volume }) => (volume.Options = { device: "/srv", o: "bind" })))).toEqual([
      `${VOLUME} | volume | local, [] | local, [["device","/srv"],["o","bind"]] | ${mend}`,
    ]);
    expect(rows(found(({ volume }) => (volume.Driver = "nfs")))).toEqual([
      `${VOLUME} | volume | local, [] | nfs, [] | ${mend}`,
    ]);
    expect(rows(found(({ volume }) => (volume.Labels = null)))).toEqual([]);
  });

  const beside = (Name: string, Labels: Record<string, string> | null) =>
    rows({ ...found(), volumes: [engine().volume, { Name, Driver: "local", Options: null, Labels }] });

  test("of ours that nobody manages: by their name, or their project", () => {
    const row = (name: string) => [
      `${name} | volume | - | there, and nobody manages it (local) | yours to decide: left alone`,
    ];
    expect(beside("protea_old", null)).toEqual(row("protea_old"));
    expect(beside("old", { "com.docker.compose.project": "protea" })).toEqual(row("old"));
    expect(beside("old", { "com.docker.compose.project": "protea2" })).toEqual([]);
    expect(beside("protea2_old", null)).toEqual([]);
  });

  test("that a restore keeps are known", () => {
    const labels = { "robotoff-protea.restore": "protea-postgres-1", "robotoff-protea.stack": "local" };
    expect(beside("protea_postgres_data-restore", labels)).toEqual([]);
    expect(beside("protea_x", { "robotoff-protea.stack": "local" })).toHaveLength(1);
  });
});

describe("images", () => {
  const { image } = engine();
  const [name] = image.RepoTags as [string];
  const other = { Id: "sha256:0123456789abcdef", RepoTags: [name], RepoDigests: null, Config: null };
  const row = `${name} | image id | 87930113f3df`;

  test("a tag that was moved, while the content it had is still there, and when it is gone", () => {
    expect(rows({ ...found(), images: [{ ...image, RepoTags: [] }, other] })).toEqual([
      `${row} | 0123456789ab: the tag was moved | docker tag ${image.Id} ${name}`,
    ]);
    expect(rows({ ...found(), images: [other] })).toEqual([
      `${row} | 0123456789ab: the tag was moved | make up: the one before is gone, this one is taken`,
    ]);
  });

  test("missing; by its digest it is there; one that no up has looked for is the next one's to find", () => {
    expect(rows({ ...found(), images: [{ ...image, RepoTags: null }] })).toEqual([`${row} | missing | make up`]);
    const digested = { ...image, RepoTags: [], RepoDigests: [name] };
    expect(rows({ ...found(), images: [digested] })).toEqual([]);
    const without = state().filter(({ type }) => !type!.includes("RemoteImage"));
    expect(rows({ ...found(), images: [] }, service(), without)).toEqual([]);
  });
});

describe("containers of nobody", () => {
  const stranger = (change: (container: Container) => void) => {
    const { container } = engine();
    Object.assign(container, { Id: "f00", Name: "/stranger" });
    container.Config.Labels = {};
    container.NetworkSettings.Networks = {};
    change(container);
    return rows({ ...found(), containers: [engine().container, container] });
  };
  const inNetwork = ({ NetworkSettings }: Container) =>
    (NetworkSettings.Networks = { [NETWORK]: { Aliases: null, IPAMConfig: null } });
  const LEFT = "yours to decide: left alone";

  test("in the network, in the project, in both; elsewhere they are nobody's business", () => {
    expect(stranger(inNetwork)).toEqual([`stranger | container | - | in the network ${NETWORK} | ${LEFT}`]);
    const inProject = ({ Config }: Container) => (Config.Labels!["com.docker.compose.project"] = "protea");
    expect(stranger(inProject)).toEqual([`stranger | container | - | in the project protea | ${LEFT}`]);
    const both = stranger((one) => [inNetwork(one), inProject(one)]);
    expect(both).toEqual([`stranger | container | - | in the network ${NETWORK}, in the project protea | ${LEFT}`]);
    expect(stranger(() => undefined)).toEqual([]);
  });

  test("one-off containers come and go; what was set aside is stopped, and kept", () => {
    expect(stranger((one) => [inNetwork(one), (one.Config.Labels!["com.docker.compose.oneoff"] = "True")])).toEqual([]);
    const aside = (status: string) =>
      stranger((one) => {
        inNetwork(one);
        Object.assign(one, { Name: `/${NAME}-set-aside-1795646826` });
        one.State.Status = status;
      });
    expect(aside("exited")).toEqual([]);
    expect(aside("running")).toHaveLength(1);
  });

  test("one that an up made, and that is declared no more", () => {
    const told = rows(found(), { ...service(), replicas: 0 });
    expect(told).toEqual([`${NAME} | container | - | there | make up: not applied yet`]);
  });
});

describe("files", () => {
  const content = "#!/bin/sh\n";
  const hash = createHash("sha256").update(content).digest("hex");
  const given = { ...service(), files: [{ path: "/opt/a", content }] };
  const told = (uploads: Record<string, string>, declared = given) =>
    rows({ ...found(withHash), uploads: new Map([[NAME, new Map(Object.entries(uploads))]]) }, declared, state(given));
  const withHash = ({ container }: { container: Container }) => {
    const { inputs } = state(given).find(({ type }) => type!.includes("Container"))!;
    for (const { label, value } of inputs!.labels as { label: string; value: string }[])
      container.Config.Labels![label] = value;
  };

  test("that a container was given", () => {
    expect(told({ "/opt/a": hash })).toEqual([]);
    expect(told({ "/opt/a": "f".repeat(64) })).toEqual([
      `${NAME} | file /opt/a | ${hash.slice(0, 12)} | ffffffffffff | ${REPLACE}`,
    ]);
    expect(told({})).toEqual([`${NAME} | file /opt/a | ${hash.slice(0, 12)} | missing | ${REPLACE}`]);
    const since = { ...given, files: [{ path: "/opt/a", content: "new" }] };
    expect(told({ "/opt/a": hash }, since)[0]).toMatch(/ \| file \/opt\/a \| .* \| make up: not applied yet$/);
  });

  const urn = "urn:pulumi:local::robotoff-protea::x$command:local:Command::host-script-job";
  const create = 'mkdir -p "$HOME"/.local/share/robotoff-protea/scripts && mv a "$HOME"/x/scripts/job-0123456789ab.sh';
  const script = applied([{ urn, type: "command:local:Command", id: "1", inputs: { create } }]);

  test("that the host runs, by the hash in their name", () => {
    const line = (hash: string) => hashes(`${hash.padEnd(64, "0")}  ./job-0123456789ab.sh\n`);
    expect(scriptRows(script, line("0123456789ab"))).toEqual([]);
    const row = { where: "job-0123456789ab.sh", what: "script of the host", declared: "0123456789ab" };
    const mend = { text: REPLACE, replace: urn };
    expect(scriptRows(script, line("f00"))).toEqual([{ ...row, found: "f00000000000", mend }]);
    expect(scriptRows(script, new Map())).toEqual([{ ...row, found: "missing", mend }]);
  });
});

describe("schedules", () => {
  const name = "robotoff-protea-protea-backup";
  const declared = [{ name, when: "03:15", run: "backup", args: [] }];
  const urn = "urn:pulumi:local::robotoff-protea::x$command:local:Command::protea-backups-schedule-backup";
  const state = applied([{ urn, type: "command:local:Command", id: "1", inputs: { create: "set" } }]);

  test("that are not as set, and those that no up has set", () => {
    expect(scheduleRows("protea", declared, [""], state)).toEqual([]);
    const row = { where: name, what: "schedule", declared: "03:15", found: "one; two" };
    expect(scheduleRows("protea", declared, ["one\ntwo\n"], state)).toEqual([
      { ...row, mend: { text: REPLACE, replace: urn } },
    ]);
    expect(scheduleRows("protea", declared, ["one\ntwo\n"], applied([]))).toEqual([
      { ...row, mend: byUp("not applied yet") },
    ]);
  });

  test("of a project that nobody declares: set by an up, or left by somebody", () => {
    const verify = "robotoff-protea-protea-verify";
    const files = [`${name}.sh`, `${name}.log`, `${verify}.sh`, "robotoff-protea-other-backup.sh"];
    const told = (applied_: typeof state) =>
      strayScheduleRows("protea", declared, files, applied_).map(({ where, mend }) => `${where}: ${mend.text}`);
    expect(told(state)).toEqual([`${verify}: yours to decide: left alone`]);
    const inputs = { create: `x set ${verify} 03:15 - y` };
    const before = applied([{ urn: `${urn.slice(0, -"backup".length)}verify`, type: "command:local:Command", inputs }]);
    expect(told(before)).toEqual([`${verify}: make up: not applied yet`]);
  });
});

test("the table's cells are short, but for what is to be typed", () => {
  const long = "x\n".repeat(100);
  const row = shown({ where: "w", what: long, declared: long, found: long, mend: { text: long } });
  expect(row).toEqual({ where: "w", what: `${"x ".repeat(29)}x…`, declared: row.what, found: row.what, mend: long });
});
