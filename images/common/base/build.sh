#!/usr/bin/env bash
# A minimal Debian for `docker import`, from Debian's packages alone. Usage: build.sh OUTPUT_FOLDER SUITE
set -euo pipefail
out=$1
suite=$2
"$(dirname "$0")/../need.sh" mmdebstrap mmdebstrap

# Without a mirror argument mmdebstrap adds the security and updates suites by itself; with one it does not.
# What no server reads (documentation, translations) is left out, and apt keeps that rule for what is installed later.
mmdebstrap --variant=minbase --quiet --include=ca-certificates \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/lintian/*' \
  --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
  "$suite" "$out/rootfs.tar"
