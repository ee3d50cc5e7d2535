#!/bin/sh
# As in the official image: whatever the arguments are, they are minio's.
if [ "${1:-}" != minio ] && [ -n "${1:-}" ]; then set -- minio "$@"; fi
exec "$@"
