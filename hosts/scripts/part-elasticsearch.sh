#!/bin/sh
# part-elasticsearch.sh backup OUT [PREVIOUS] | verify FOLDER | room FOLDER | restore FOLDER | deep FOLDER | empty FOLDER: Elasticsearch's indices. Runs in the
# container elasticsearch-backup, which has the program (systems/robotoff/backup-parts), the server's address and password in its
# environment, and at /snapshots the volume that is the server's `path.repo`.
#   backup   a snapshot in a repository of its own, and of each index how many documents it has, and a hash of them all
#   verify   reads every byte
#   room     fails where the disk has not the room for what a restore makes, or the server would take no index onto it
#   restore  makes each index beside, compares it, and swaps all at once; the old is kept as NAME-before-TIME
#   deep     the same in a scratch server, without the swap
#   empty    prints `empty` where no index has a document and the backup has some
set -eu
umask 077
# In its own container it is told its passwords by files; in a scratch one by variables.
exec=/run/secrets/exec
[ -x $exec ] || exec=
exec $exec python3 -B /opt/backup-parts/elasticsearch.py "$@"
