import { standInTag } from "../../../images/builder/tag.ts";
import { SECRETS } from "../../../systems/spec.ts";
import { until } from "../../http.ts";
import { ByHand, MADE_AGAIN, told } from "../drift-kinds.ts";
import { failed, succeeded } from "../host.ts";
import { changed, type TestStack } from "../stack.harness.ts";

/** What was changed by hand is named by make drift and shows in a refreshed preview, and make heal or the next up repairs it. */
export function drift(get: () => TestStack): void {
  describe("drift", () => {
    // Docker does not tell a stopped container's ports, so the provider takes them for gone and replaces it.
    test("a stopped container is seen and started; one with ports is replaced, and keeps its data; a removed one is made again", async () => {
      const [stopped, published, removed] = [
        get().container("robotoff", "scheduler"),
        get().container("robotoff", "redis"),
        get().container("protea", "worker-ping"),
      ];
      const before = get().containers();
      get().docker("exec", published, "redis-cli", "set", "kept", "yes");
      get().docker("stop", stopped, published);
      get().docker("rm", "--force", removed);
      const seen = get().preview("--refresh", "--diff").text;
      expect(seen.match(/mustRun\s*: false => true/g)).toHaveLength(2);
      expect(seen).toMatch(/\+ docker:index\/container:Container: \(create\)/);
      succeeded(get().up("--refresh"));
      expect(changed(before, get().containers())).toEqual([removed, published].sort());
      expect(get().docker("inspect", "--format", "{{.State.Status}}", stopped)).toBe("running");
      expect(get().docker("exec", published, "redis-cli", "get", "kept")).toBe("yes");
      succeeded(get().preview("--refresh", "--expect-no-changes"));
      // What uses Redis notices by its next health checks.
      await until("all is as declared", 180, () => get().operation("status").code === 0);
    });

    // Every kind, one by one: tests/faults/drift.test.ts.
    test("make drift names what a hand did and changes nothing; make heal mends it, and touches nothing else", async () => {
      const byHand = new ByHand(get());
      expect(byHand.look()).toEqual({ code: 0, rows: [] });
      const names = ["worker-ping", "worker-reaper", "frontend", "worker-jobs"].map((one) =>
        get().container("protea", one),
      );
      const [paused, cut, limited, impostor] = names as [string, string, string, string];
      const network = `${get().name}-protea_servers`;
      const guest = `${byHand.other}-guest`;
      const before = get().containers();
      get().docker("pause", paused);
      get().docker("network", "disconnect", network, cut);
      get().docker("update", "--pids-limit", "200", limited);
      const format = `{{range .Mounts}}{{if eq .Destination "${SECRETS}"}}{{.Source}}{{end}}{{end}}`;
      const secrets = get().docker("inspect", "--format", format, paused);
      const written = succeeded(get().host.shell(`cat ${secrets}/PROTEA_DB_URL`));
      succeeded(get().host.shell(`printf hunter2 > ${secrets}/PROTEA_DB_URL`));
      // One that would go with its stop is left alone, and so is everything else.
      await byHand.again(impostor, ({ HostConfig }) =>
        Object.assign(HostConfig, { AutoRemove: true, RestartPolicy: { Name: "no" } }),
      );
      expect(failed(get().operation("heal"))).toContain(`${impostor}: made by docker run --rm, and gone with`);
      expect(get().docker("inspect", "--format", "{{.State.Status}}", impostor)).toBe("running");
      expect(get().docker("inspect", "--format", "{{.State.Status}}", paused)).toBe("paused");
      await byHand.again(impostor, MADE_AGAIN.privileged![1]);
      get().docker("run", "--detach", "--name", guest, ...get().marked, "--network", network, standInTag("images/redis"), "sleep", "infinity"); // prettier-ignore
      try {
        const { code, rows } = byHand.look();
        const places = [
          `${paused} | state`,
          `${cut} | network ${network}`,
          `${limited} | pids limit`,
          `${guest} | container`,
          `${secrets.split("/").slice(-2).join("/")} | secret PROTEA_DB_URL`,
        ];
        const again = ["container", ...MADE_AGAIN.privileged![0]].map((what) => `${impostor} | ${what}`);
        expect(JSON.stringify(rows)).not.toContain("hunter2");
        expect([code, told(rows)]).toEqual([2, [...places, ...again].sort()]);
        const status = failed(get().operation("status"));
        for (const name of names) expect(status.slice(status.indexOf("not as declared;"))).toContain(name);

        // What is left to a person is no success.
        failed(get().operation("heal"));
        expect(byHand.look().rows.map(({ where }) => where)).toEqual([guest]);
        expect(succeeded(get().host.shell(`cat ${secrets}/PROTEA_DB_URL`))).toBe(written);
        const anew = changed(before, get().containers()).filter((name) => !name.includes("-set-aside-"));
        expect(anew).toEqual([impostor]);
        expect(get().docker("inspect", "--format", "{{.HostConfig.PidsLimit}}", limited)).toBe("512");
      } finally {
        byHand.removeOthers();
      }
      expect(byHand.look()).toEqual({ code: 0, rows: [] });
      succeeded(get().operation("status"));
    });
  });
}
