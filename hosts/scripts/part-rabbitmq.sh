#!/bin/sh
# part-rabbitmq.sh backup OUT [PREVIOUS] | verify FOLDER | room FOLDER | restore FOLDER | deep FOLDER | empty FOLDER: RabbitMQ's definitions and queued
# messages. Runs in the container files-backup, which has the program (systems/protea/backup-parts) and, in its environment, the server.
set -eu
umask 077
exec python3 -B /opt/backup-parts/rabbitmq.py "$@"
