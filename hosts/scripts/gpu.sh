#!/bin/sh
# gpu.sh: what the host's GPUs do and for whom, by NVIDIA's own tool. Changes nothing.
set -u
command -v nvidia-smi >/dev/null || {
  echo "there is no nvidia-smi on $(hostname): the host has no NVIDIA GPU, or its driver is not installed" >&2
  exit 1
}
exec nvidia-smi
