#!/bin/sh
# fetch.sh SYSTEM DIRECTORY MOUNTED RESTIC SERVER VAULT SNAPSHOT: a system's folder of backups, of a host that was lost, back from the
# copy off it; then an up fills the empty servers from it. Standard input: restic's variables, a line each, passwords among them.
#   RESTIC, SERVER  images: restic's, and the one that vault.sh (VAULT) runs in
#   SNAPSHOT        latest, or restic's id
# The folder appears under its name when every byte of it is as its manifests say. One that has anything in it stays as it is;
# what was interrupted is gone on with, beside it, and of another snapshot nothing is left there (--delete).
set -eu
system=$1 directory=$2 mounted=$3 restic=$4 server=$5 vault=$6 snapshot=$7
here=$(dirname "$0")
variables=$(cat)
beside=.$system.fetched fetched=$beside/backups/$system
begin=$(date +%s)
die() { echo "$system: nothing was brought back: $*" >&2; exit 1; }
in_restic() { printf '%s\n' "$variables" | docker run --rm --env-file /dev/stdin --env RESTIC_PROGRESS_FPS=0.1 --user 0:0 -v "$directory:/backups" "$restic" "$@"; }
in_vault() { docker run --rm -i --network none --user root --entrypoint sh -e "BACKUPS=/backups/$fetched" -v "$directory:/backups:ro" "$server" -s -- "$@" < "$here/$vault"; }

[ -d "$directory" ] || die "$directory is no folder on this host (host:backups.directory); make it"
[ "$mounted" = 0 ] || mountpoint -q "$directory" || die "nothing is mounted at $directory (host:backups.mounted)"
if [ -e "$directory/$system" ]; then
  rmdir "$directory/$system" 2> /dev/null ||
    die "there are backups in $directory/$system already. If these are to stay, there is nothing to do; else stop postgres-backup and move that folder away"
fi

echo "$system: brings the snapshot $snapshot back"
# With the folders above it, else its own owner and mode would not come along.
in_restic restore "$snapshot" --target "/backups/$beside" --delete ||
  die "restic could not; see above. What came is in $directory/$beside; the same command goes on with it"

stamps=$(in_vault list | cut -d' ' -f1)
if [ -z "$stamps" ]; then
  in_restic snapshots >&2
  # Whoever had the host may have added the latest one.
  die "there is no backup in the snapshot $snapshot; say another one of these by SNAPSHOT="
fi
for stamp in $stamps; do
  echo "$system: reads every byte of $stamp"
  in_vault check "$stamp" >&2 || die "$stamp is not what was backed up; see above. It is in $directory/$beside; or say another snapshot by SNAPSHOT="
done
# By root, whose it is as it came; the user of this script may only use Docker.
# shellcheck disable=SC2016 # a text for the shell of the container
docker run --rm --network none --user root --entrypoint sh -v "$directory:/backups" "$server" -c \
  'cd /backups && mv -T "$1" "$2" && rmdir "$3/backups" "$3"' sh "$fetched" "$system" "$beside" ||
  die "what is whole in $directory/$fetched could not be moved to $directory/$system; see above. The same command again goes on"
echo "$system: $(echo "$stamps" | wc -l) backups are back in $directory/$system, $(($(date +%s) - begin)) s. Then: make up"
