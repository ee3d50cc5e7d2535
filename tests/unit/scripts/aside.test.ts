/** hosts/scripts/aside.sh: what it does to networks. Containers that are set aside, and the way back: tests/hosts/adopt.test.ts. */
import { FakeDocker } from "../support/fake-docker.ts";

const NETWORKS = "inspect --format  {{range $name, $one := .NetworkSettings.Networks}}{{$name}} {{end}}";
const SILENT = { status: 0, stdout: "", stderr: "" };
let docker: FakeDocker;
beforeEach(() => {
  docker = new FakeDocker()
    .answer(`${NETWORKS} a`, " p_servers \n")
    .answer(`${NETWORKS} b`, " p_default p_servers \n")
    .answer(`${NETWORKS} c`, " op_default p_default2 \n");
});
afterEach(() => docker.remove());

test("a container answers in a network, once", () => {
  docker.answer("network connect --alias postgres p_default a");
  expect(docker.run("aside", "join", "p_default", "postgres", "a")).toEqual(SILENT);
  expect(docker.run("aside", "join", "p_default", "postgres", "b")).toEqual(SILENT);
  expect(docker.calls).toEqual([`${NETWORKS} a`, "network connect --alias postgres p_default a", `${NETWORKS} b`]);
});

test("those leave that are in it", () => {
  docker.answer("network disconnect p_default b");
  expect(docker.run("aside", "leave", "p_default", "a", "b", "c")).toEqual(SILENT);
  expect(docker.calls.filter((call) => call.startsWith("network"))).toEqual(["network disconnect p_default b"]);
});

test("where it cannot be known, nothing is done", () => {
  const nobody = { status: 1, stdout: "", stderr: "no such container\n" };
  docker.answer(`${NETWORKS} a`, "no such container\n", 1);
  expect(docker.run("aside", "leave", "p_default", "a", "b")).toEqual(nobody);
  expect(docker.run("aside", "join", "p_default", "postgres", "a")).toEqual(nobody);
});
