#!/usr/bin/env bash
# MinIO's client from its Go module. Usage: build.sh OUTPUT_FOLDER
set -euo pipefail
"$(dirname "$0")/../../need.sh" go golang-go
revision=cf909e1063a9
time=2025-03-13T08:02:18Z

stamp=${time//[-:TZ]/}
package=github.com/minio/mc
flags="-s -w -X $package/cmd.Version=$time -X $package/cmd.ReleaseTag=RELEASE.${time//:/-} -X $package/cmd.CommitID=$revision"
GOBIN=$1 GOFLAGS=-mod=mod CGO_ENABLED=0 go install -trimpath -tags kqueue -ldflags "$flags" "$package@v0.0.0-$stamp-$revision"
