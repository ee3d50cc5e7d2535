#!/usr/bin/env bash
# MinIO's server from its Go module: upstream publishes source only, no binaries or images, since late 2025.
# Usage: build.sh OUTPUT_FOLDER
set -euo pipefail
"$(dirname "$0")/../../need.sh" go golang-go
revision=7aac2a2c5b7c
time=2026-02-12T20:18:48Z

stamp=${time//[-:TZ]/}
package=github.com/minio/minio
# The server refuses to run health checks and updates sanely without a release name, which only these variables give.
flags="-s -w -X $package/cmd.Version=$time -X $package/cmd.ReleaseTag=RELEASE.${time//:/-} -X $package/cmd.CommitID=$revision"
GOBIN=$1 GOFLAGS=-mod=mod CGO_ENABLED=0 go install -trimpath -tags kqueue -ldflags "$flags" "$package@v0.0.0-$stamp-$revision"
