import { formatDuration, formatSize, parseDuration, parseMount, parsePort, parseSize } from "../../../config/units.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

test.each<[string | number, number | undefined]>([
  ["512m", 512 * MIB],
  ["2g", 2 * GIB],
  ["2G", 2 * GIB],
  ["2gb", 2 * GIB],
  ["1.5gb", 1.5 * GIB],
  ["64k", 65_536],
  ["1t", 1_024 * GIB],
  ["1048576", MIB],
  ["10b", 10],
  [" 512 m ", 512 * MIB],
  [1_048_576, MIB],
  ["", undefined],
  ["m", undefined],
  ["512 mib", undefined],
  ["-1m", undefined],
  ["1e3", undefined],
  ["1.m", undefined],
])("size %j is %p bytes", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each<[string, number | undefined]>([
  ["30s", 30_000],
  ["1m30s", 90_000],
  ["500ms", 500],
  ["1.5s", 1_500],
  ["6h", 21_600_000],
  ["1h0m1s", 3_601_000],
  [" 30s ", 30_000],
  ["", undefined],
  ["30", undefined],
  ["30 s", undefined],
  ["s", undefined],
  ["1d", undefined],
  ["-1s", undefined],
  ["1m 30s", undefined],
])("duration %j is %p ms", (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

test.each<[number, string]>([
  [500, "500ms"],
  [1_000, "1s"],
  [1_500, "1.5s"],
  [90_000, "1m30s"],
  [120_000, "2m0s"],
  [3_600_000, "1h0m0s"],
  [3_601_000, "1h0m1s"],
])("%p ms are %j, as Docker prints them", (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});

test.each<[number, string]>([
  [0, "0 B"],
  [1_023, "1023 B"],
  [1_024, "1 KiB"],
  [512 * MIB, "512 MiB"],
  [1.5 * GIB, "1.5 GiB"],
  [2_048 * GIB, "2 TiB"],
])("%p bytes are %j", (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});

const tcp = (address: string, host: number, container: number) => ({ address, host, container, protocol: "tcp" });
test.each<[string, object | undefined]>([
  ["5500:5500", tcp("0.0.0.0", 5500, 5500)],
  ["127.0.0.1:5501:5432", tcp("127.0.0.1", 5501, 5432)],
  ["[::1]:5501:5432", tcp("::1", 5501, 5432)],
  ["9125:9125/udp", { address: "0.0.0.0", host: 9125, container: 9125, protocol: "udp" }],
  ["1:65535", tcp("0.0.0.0", 1, 65_535)],
  ["5500", undefined],
  ["0:80", undefined],
  ["80:65536", undefined],
  ["localhost:80:80", undefined],
  ["10.1.0.256:80:80", undefined],
  ["[::1::]:80:80", undefined],
  ["80:80/sctp", undefined],
  ["8000-8001:80", undefined],
])("port %j", (text, port) => {
  expect(parsePort(text)).toEqual(port);
});

test.each<[string, object | undefined]>([
  ["backup:/opt/backup", { source: "backup", target: "/opt/backup", readOnly: false }],
  ["/srv/models:/models:ro", { source: "/srv/models", target: "/models", readOnly: true }],
  ["backup:/b:rw", { source: "backup", target: "/b", readOnly: false }],
  ["backup", undefined],
  ["./models:/models", undefined],
  ["backup:relative", undefined],
  ["backup:/b:z", undefined],
])("mount %j", (text, mount) => {
  expect(parseMount(text)).toEqual(mount);
});
