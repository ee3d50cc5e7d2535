# For `.` in the recipes of Go programs: go_install OUTPUT_FOLDER PACKAGE VERSION LINKER_FLAGS.
# The compiler is the one that set-up finds or fetches.
# shellcheck shell=bash
go_install() {
  exec 3>&1 # where set-up's notes go
  STEP_RUN=$(mktemp -d) step=images
  export STEP_RUN step
  . "$(dirname "${BASH_SOURCE[0]}")/../../toolchain/lib.sh"
  . "$toolchain/go.sh"
  find_go
  GOBIN=$1 GOFLAGS=-mod=mod CGO_ENABLED=0 "$go" install -trimpath -tags kqueue -ldflags "-s -w $4" "$2@$3"
  rm -rf "$STEP_RUN"
}
