#!/usr/bin/env bash
# MinIO's server from its Go module: upstream publishes source only, no binaries or images, since late 2025.
# Usage: build.sh OUTPUT_FOLDER
set -euo pipefail
. "$(dirname "$0")/../../go.sh"
revision=7aac2a2c5b7c
time=2026-02-12T20:18:48Z

stamp=${time//[-:TZ]/}
package=github.com/minio/minio
# Without these the server calls itself a development build, and clients and its own update check do not know its release.
flags="-X $package/cmd.Version=$time -X $package/cmd.ReleaseTag=RELEASE.${time//:/-} -X $package/cmd.CommitID=$revision"
go_install "$1" "$package" "v0.0.0-$stamp-$revision" "$flags"
