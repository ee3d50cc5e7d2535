// `make preview`: what is asked of Pulumi, and where the text goes.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Checkout } from "../../support/checkout.ts";

const NOTHING = "Nothing to change. The host was not asked: what was changed there by hand does not show.";
const text = (stack: string) => `# ${stack}: what \`make up STACK=${stack}\` will do\n\n${NOTHING}\n`;

let checkout: Checkout;
let markdown: string;
beforeEach(() => {
  checkout = new Checkout().pulumi("echo '{}'");
  markdown = join(checkout.folder, "preview.md");
});
afterEach(() => {
  delete process.env.WITHOUT_SECRETS;
  checkout.remove();
});

const preview = (stack: string, ...words: string[]) => checkout.operation("preview", "--stack", stack, ...words);

test("the machine's own engine is not asked; words go on to Pulumi", async () => {
  const ran = await preview("local", "--", "--exclude", "x y");
  expect(checkout.all).toEqual(["pulumi preview --json --stack local --exclude x y"]);
  const said = "bin/pulumi preview --json --stack local --exclude 'x y'\n";
  expect(ran).toEqual({ status: 0, stdout: `${text("local")}\n`, stderr: said });
});

test("another host is asked, but where there are no secrets, and no way there", async () => {
  expect((await preview("staging")).stdout).toBe(`${text("staging")}\n`);
  process.env.WITHOUT_SECRETS = "1";
  await preview("staging");
  expect(checkout.all).toEqual([
    "pulumi preview --json --stack staging --refresh",
    "pulumi preview --json --stack staging",
  ]);
});

test("a host that has connections of a number is asked as many things at a time", async () => {
  checkout.pulumi('[ "$PULUMI_PARALLEL" = 8 ] && echo "{}"');
  expect((await preview("staging")).status).toBe(0);
});

test("the text alone goes into a file; Pulumi's exit code is the verb's", async () => {
  checkout.pulumi("echo '{}'; echo beside >&2; exit 3");
  const { status, stderr } = await preview("local", "--markdown", markdown);
  expect({ status, file: readFileSync(markdown, "utf8") }).toEqual({ status: 3, file: text("local") });
  expect(stderr).toMatch(/\nbeside\n$/);
});

test("each value, in Pulumi's own words", async () => {
  checkout.pulumi("echo its words");
  const { stdout } = await preview("staging", "--markdown", markdown, "--", "--diff");
  expect(checkout.all).toEqual(["pulumi preview --stack staging --refresh --diff"]);
  expect(stdout).toBe("its words\n");
  expect(existsSync(markdown)).toBe(false);
});

test("a stack file that is refused, and a Pulumi that fails: both are said, in the file too", async () => {
  checkout.write("local", checkout.text("local").replace("memory: 256m", "memroy: 256m"));
  const refused = await preview("local", "--markdown", markdown);
  expect(refused).toMatchObject({ status: 1, stdout: "" });
  expect(refused.stderr).toMatch(
    /^Pulumi\.local\.yaml has 1 problem; nothing was changed:\n.*did you mean "memory"\?\n$/,
  );
  expect(readFileSync(markdown, "utf8")).toBe(
    `# local: what \`make up STACK=local\` will do\n\n**It does not work as it is; nothing was changed:**\n\n\`\`\`\`\n${refused.stderr}\`\`\`\`\n`,
  );
  expect(checkout.all).toEqual([]);
  checkout.pulumi("echo no JSON; exit 1");
  expect(await preview("staging", "--markdown", markdown)).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/\nPulumi gave no preview: no JSON\n\n$/) as string,
  });
  checkout.pulumi("exit 1");
  expect((await preview("staging")).stderr).toMatch(/\nPulumi gave no preview; see above\n$/);
});
