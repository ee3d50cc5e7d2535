#!/bin/sh
# part-lab.sh backup OUT [PREVIOUS] | verify FOLDER | room FOLDER | restore FOLDER | deep FOLDER | empty FOLDER: PROTEA's lab folder. Runs in the container
# files-backup, which has the program (systems/protea/backup-parts) and the folder, read-only, at /lab; a restore runs in
# a container of the same image and files that mounts it to be written.
set -eu
umask 077
exec python3 -B /opt/backup-parts/lab.py "$@"
