#!/usr/bin/env bash
# Prometheus' exporter for statsd from its Go module. Usage: build.sh OUTPUT_FOLDER
set -euo pipefail
. "$(dirname "$0")/../../go.sh"
go_install "$1" github.com/prometheus/statsd_exporter v0.22.2 ""
