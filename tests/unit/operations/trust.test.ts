/** Keys of hosts in a stack file: what a person compares, and the text after a yes. */
import { parse } from "yaml";
import type { ShownKey } from "../../../hosts/trust.ts";
import { describeKey, withKey } from "../../../operations/trust/pinned.ts";

const [ONE, TWO] = ["A", "B"].map((letter) => `ssh-ed25519 ${letter.repeat(68)}`) as [string, string];
const shown = (at: ShownKey["at"], more: Partial<ShownKey> = {}): ShownKey => ({
  ...{ at, address: "10.1.0.200", pinned: [], key: ONE, fingerprint: "SHA256:x (ED25519) 256" },
  ...more,
});

test.each([
  [[], "not pinned yet"],
  [[ONE], "as pinned"],
  [[TWO, ONE], "as pinned"],
  [[TWO], "ANOTHER KEY THAN THE PINNED"],
])("with %j pinned it is told so", (pinned, said) => {
  expect(describeKey(shown([], { pinned }))).toBe(`10.1.0.200: SHA256:x (ED25519) 256: ${said}`);
});

const FILE = `config:
  # how it is reached
  host:ssh:
    address: 10.1.0.200 # the VM
    user: off
    proxy: { address: ovh1.example.org, user: off }
  robotoff:tld: net
`;

test("a key is added where there was none, and nothing else of the text changes", () => {
  const once = withKey(FILE, shown([]));
  expect(once).toBe(
    FILE.replace("address: 10.1.0.200 # the VM\n", `address: 10.1.0.200 # the VM\n    hostKeys: [${ONE}]\n`),
  );
  const twice = withKey(once, shown(["proxy"], { key: TWO }));
  expect(twice).toBe(once.replace("user: off }", `user: off, hostKeys: [${TWO}] }`));
  expect((parse(twice) as { config: object }).config).toMatchObject({
    "host:ssh": { hostKeys: [ONE], proxy: { hostKeys: [TWO] } },
  });
});

test("it takes the place of what was pinned", () => {
  const before = withKey(FILE, shown([]));
  expect(withKey(before, shown([], { key: TWO }))).toBe(before.replace(ONE, TWO));
  const several = FILE.replace("    user: off\n", `    user: off\n    hostKeys:\n      - ${ONE}\n      - ${TWO}\n`);
  expect((parse(withKey(several, shown([]))) as { config: object }).config).toMatchObject({
    "host:ssh": { hostKeys: [ONE], user: "off", proxy: { address: "ovh1.example.org" } },
  });
});

test("a stack file without that machine", () => {
  expect(() => withKey("config:\n  robotoff:tld: net\n", shown([]))).toThrow("the stack file has no host:ssh");
});
