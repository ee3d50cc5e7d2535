#!/usr/bin/env bash
# cAdvisor from its Go module, verified by go.sum. Usage: build.sh OUTPUT_FOLDER
set -euo pipefail
STEP_RUN=$(mktemp -d) step=images
export STEP_RUN step
exec 3>&1 # where set-up's notes go
folder=$(dirname "$(readlink -f "$0")")
. "$folder/../../../../toolchain/lib.sh"
. "$toolchain/go.sh"
find_go
cd "$folder"
CGO_ENABLED=0 "$go" build -mod=readonly -trimpath -ldflags "-s -w" -o "$1/cadvisor" .
rm -rf "$STEP_RUN"
