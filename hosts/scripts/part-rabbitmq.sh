#!/bin/sh
# part-rabbitmq.sh backup OUT [PREVIOUS] | verify FOLDER | room FOLDER | restore FOLDER | deep FOLDER | empty FOLDER: RabbitMQ's definitions and queued
# messages. Runs in the container files-backup, which has the program (systems/protea/backup-parts) and, in its secrets, the server.
set -eu
umask 077
# In its own container it is told its passwords by files; in a scratch one by variables.
exec=/run/secrets/exec
[ -x $exec ] || exec=
exec $exec python3 -B /opt/backup-parts/rabbitmq.py "$@"
