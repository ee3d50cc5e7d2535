/** The recovery kit's README: what to type, without this program and with it. Pure. */

/**
 * @param keys each system's repository, and the id of its key
 * @param directory host:backups.directory
 * @param own whether the state was below .local/ of a checkout (docs/toolchain.md)
 */
export function readme(
  stack: string,
  now: Date,
  keys: { system: string; repository: string; id: string }[],
  directory: string,
  own: boolean,
): string {
  const each = (line: (one: (typeof keys)[number]) => string) => keys.map(line).join("\n");
  return `Recovery kit of the stack ${stack}, written ${now.toISOString()}

EVERYTHING IN THIS FOLDER IS SECRET: with it the copies can be read. Keep it off the host and off the
machine that it was written on, and write another one when a password has changed (make recovery-kit).

  SYSTEM.env       the repository and its passwords, for a shell and for docker's --env-file
  keys/SYSTEM/ID   the repository's key, encrypted with its password: as keys/ID in the repository
  stack/           the stack's file with its encrypted secrets, the passphrase that decrypts them, Pulumi's
                   state, and the commit of the program

${each(({ system, repository, id }) => `  ${system}: ${repository}, key ${id.slice(0, 8)}`)}

1. THE BACKUPS, WITHOUT THIS PROGRAM. On any machine with restic (apt install restic), in this folder, as root:

${each(
  ({ system }) =>
    `   (set -a; . ./${system}.env; restic restore latest --target ${directory}/fetched) && mv ${directory}/fetched/backups/${system} ${directory}/`,
)}

   Another snapshot than the latest: (set -a; . ./SYSTEM.env; restic snapshots), then its id in latest's place.
   "no key found", though the password is right: put keys/SYSTEM/ID into the repository's folder keys/ again.
   An index, key or snapshot that is none: somebody added it. docs/backups.md, "After an attack", or by hand, on
   the server, move whatever is newer than the attack out of the repository.

   Check each, then go on as "Without this program" in docs/backups.md says (pg_restore, or the base backup):

     cd ${directory}/SYSTEM/latest && sha256sum -c manifest.sha256 &&
       sed -n 's/^{"size": [0-9]*, "sha256": "\\([0-9a-f]*\\)", "path": "\\(.*\\)"},\\{0,1\\}$/\\1  \\2/p' manifest.json | sha256sum -c --quiet

2. ALL OF IT, WITH THIS PROGRAM, on a new host:

   git clone the program's repository, git checkout $(cat stack/commit), make setup
${
  own
    ? `   mkdir -p .local/stacks .local/state
   cp KIT/stack/passphrase .local/passphrase; cp KIT/stack/Pulumi.${stack}.yaml .local/stacks/`
    : `   cp KIT/stack/Pulumi.${stack}.yaml .; export PULUMI_CONFIG_PASSPHRASE_FILE=KIT/stack/passphrase
   with a backend of files that is lost as well: export PULUMI_BACKEND_URL=file://FOLDER; bin/pulumi stack init ${stack}`
}
   bin/pulumi stack import --stack ${stack} --file KIT/stack/state.json     (only where the backend is lost)
   make fetch STACK=${stack} KIT=KIT
   make up STACK=${stack} RESTORE=latest
`;
}
