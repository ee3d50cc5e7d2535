import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

/** Who may know whom: a file of these folders imports nothing whose path matches. */
const WALLS = [
  { files: ["config/**"], but: ["systems", "engines", "hosts", "components", "operations"], pulumi: true },
  { files: ["systems/**"], but: ["engines", "hosts", "components", "operations"], pulumi: true },
  { files: ["engines/**"], but: ["hosts", "components", "operations"], pulumi: true },
  { files: ["hosts/**"], but: ["components", "operations"], pulumi: true },
  { files: ["backups/**"], but: ["components", "operations"], pulumi: true },
  { files: ["components/**"], but: ["operations"] },
  { files: ["operations/**"], but: ["components"], pulumi: true },
  { files: ["images/**"], but: ["systems", "engines", "hosts", "components", "operations"], pulumi: true },
];

/** What reads Pulumi's configuration, by either way of importing it. */
const CONFIGURATION = ["Config", "getStack", "getProject"];

const wall = ({ files, but, pulumi }) => ({
  files: files.map((pattern) => `${pattern}/*.ts`),
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          {
            group: but.map((folder) => `**/${folder}/**`),
            message: "Against the one direction (docs/decisions/rooms.md).",
          },
          ...(pulumi ? [{ group: ["@pulumi/*"], message: "Only index.ts and components/ know Pulumi." }] : []),
        ],
      },
    ],
  },
});

export default tseslint.config(
  { ignores: [".local/", "images/*/", "!images/builder/"] },
  { linterOptions: { reportUnusedDisableDirectives: "error", reportUnusedInlineConfigs: "error" } },
  eslint.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: "error",
      // Index access is checked (noUncheckedIndexedAccess); `!` says that a value is known to be there.
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", caughtErrors: "all", ignoreRestSiblings: true },
      ],
      "@typescript-eslint/prefer-readonly": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
    },
  },
  ...WALLS.map(wall),
  {
    // What a component needs it is given: the entry alone reads the configuration.
    files: ["components/**/*.ts"],
    rules: {
      "no-restricted-properties": ["error", ...CONFIGURATION.map((property) => ({ object: "pulumi", property }))],
      "no-restricted-syntax": [
        "error",
        {
          selector: `ImportDeclaration[source.value='@pulumi/pulumi'] ImportSpecifier[imported.name=/^(${CONFIGURATION.join("|")})$/]`,
          message: "Only index.ts reads Pulumi's configuration.",
        },
      ],
    },
  },
  {
    // The page's own program, in a browser.
    files: ["operations/dashboard/page.js"],
    languageOptions: {
      sourceType: "script",
      globals: Object.fromEntries(
        [
          "document",
          "location",
          "fetch",
          "DOMParser",
          "getComputedStyle",
          "matchMedia",
          "addEventListener",
          "setInterval",
        ]
          .concat(["innerWidth", "devicePixelRatio"])
          .map((name) => [name, "readonly"]),
      ),
    },
  },
  {
    files: ["**/*.cjs"],
    languageOptions: { sourceType: "commonjs", globals: { require: "readonly", module: "writable" } },
  },
);
