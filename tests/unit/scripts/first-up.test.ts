/** While a state knows nothing, none of its stack's containers may be there. */
import { FakeDocker } from "../support/fake-docker.ts";

const ASKED =
  "ps --all --filter label=robotoff-protea.stack=local --filter label=com.docker.compose.project=robotoff --format {{.Names}}";
let docker: FakeDocker;
beforeEach(() => (docker = new FakeDocker()));
afterEach(() => docker.remove());

const run = () => docker.run("first-up", "local", "robotoff");

test("none there: nothing said", () => {
  docker.answer(ASKED);
  expect(run()).toEqual({ status: 0, stdout: "", stderr: "" });
});

test("some there: another checkout's, or another person's", () => {
  docker.answer(ASKED, "robotoff_api_1\nrobotoff_redis_1\n");
  expect(run()).toEqual({
    status: 1,
    stdout: "",
    stderr:
      "checks before any change: containers of robotoff exist that the stack local made, but this one's state does not know them:\n" +
      "  robotoff_api_1\n  robotoff_redis_1\n" +
      "work where they were made (another checkout? another person?), or remove them there with make destroy\n",
  });
});

test("a listing that fails is no empty listing", () => {
  docker.answer(ASKED, "Cannot connect to the Docker daemon\n", 1);
  expect(run()).toEqual({ status: 1, stdout: "", stderr: "Cannot connect to the Docker daemon\n" });
});
