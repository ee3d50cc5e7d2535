/** `host:prepare`: what may be made on a host that does not have it. What is not said here is missed, and refused. */
import { z } from "zod";
import { hostPath, networkName, volumeName } from "./names.ts";

const NAME = "[a-z_][a-z0-9_.-]{0,31}|[0-9]{1,10}";

const folder = z.strictObject({
  path: hostPath.meta({ description: "With the folders above it that are missing" }),
  owner: z
    .string()
    .regex(new RegExp(`^(${NAME})(:(${NAME}))?$`), { error: "USER or USER:GROUP, by name or number" })
    .optional()
    .meta({
      description:
        "Default: the user that logs in, and of a folder that is there whoever it is. One that has contents keeps its owner: another is refused",
      examples: ["1000:1000", "off"],
    }),
});

export const prepare = z
  .strictObject({
    folders: z.array(folder).default([]),
    volumes: z
      .array(volumeName)
      .default([])
      .meta({ description: "External volumes, by Docker's name: made where missing, and then empty" }),
    networks: z.array(networkName).default([]).meta({ description: "External networks: made where missing" }),
    sysctl: z
      .record(
        z.string().regex(/^[a-z0-9_]+(\.[a-z0-9_-]+)+$/, { error: "a kernel's setting, such as vm.max_map_count" }),
        z.number().int().min(0),
      )
      .default({})
      .meta({
        description: "The kernel's settings, at least. vm.max_map_count: Elasticsearch asks for 262144",
        examples: [{ "vm.max_map_count": 262_144 }],
      }),
  })
  .meta({
    description:
      "Made before anything else of the stack where it is missing, and never taken away. For a new host; left out: nothing is",
  });
export type Preparation = z.infer<typeof prepare>;
