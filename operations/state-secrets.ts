/** How a secret stands in a state: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig/sig.go. Pure. */

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** Whether a structure in a state is a secret; its plain value, as JSON, is there where it was exported with --show-secrets. */
export const isSecret = (value: object): value is { plaintext?: string } =>
  (value as Record<string, unknown>)[SIGNATURE] === SECRET;
