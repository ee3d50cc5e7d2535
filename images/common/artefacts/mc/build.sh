#!/usr/bin/env bash
# MinIO's client from its Go module. Usage: build.sh OUTPUT_FOLDER
set -euo pipefail
. "$(dirname "$0")/../../go.sh"
revision=cf909e1063a9
time=2025-03-13T08:02:18Z

stamp=${time//[-:TZ]/}
package=github.com/minio/mc
flags="-X $package/cmd.Version=$time -X $package/cmd.ReleaseTag=RELEASE.${time//:/-} -X $package/cmd.CommitID=$revision"
go_install "$1" "$package" "v0.0.0-$stamp-$revision" "$flags"
