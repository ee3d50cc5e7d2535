# This checkout's own Node, Pulumi and plug-ins. Sourced by make's recipes (from the checkout) and by bin/pulumi; starts no process.
# shellcheck shell=bash
robotoff_protea_root=${BASH_SOURCE[0]:-}
case $robotoff_protea_root in
  */toolchain/env.sh) robotoff_protea_root=$(cd "${robotoff_protea_root%/toolchain/env.sh}" && echo "$PWD") ;;
  *) robotoff_protea_root=$PWD ;;
esac
case :$PATH: in
  *:"$robotoff_protea_root/.local/bin":*) ;;
  *) PATH=$robotoff_protea_root/.local/bin:$PATH ;;
esac
export PATH
export PULUMI_HOME=$robotoff_protea_root/.local/pulumi
export PULUMI_SKIP_UPDATE_CHECK=1
export NODE_COMPILE_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/robotoff-protea/node-compile
# Pulumi and its plug-ins live for seconds: less garbage collection, for some 100 MB more.
export GOGC=${GOGC:-400}
