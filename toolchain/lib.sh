# Shared by toolchain/setup and its steps. A step prints to file descriptor 3 what a person sees; the rest goes to its log.
# shellcheck shell=bash disable=SC2034
set -euo pipefail
export LC_ALL=C

toolchain=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
root=${toolchain%/*}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/robotoff-protea
logs=$cache/logs
bin=$root/.local/bin
# shellcheck source=toolchain/versions
. "$toolchain/versions"

# --- what a person sees -------------------------------------------------------------------------------------------------

now() { local t=${EPOCHREALTIME/[.,]/}; printf -v "$1" %s "${t%???}"; } # milliseconds

started=${STEP_STARTED:-0}

# result WORD DETAIL: the one line a step ends with. WORD is reused, installed, downloaded, built, started.
result() {
  local end took
  now end
  took=$((end - started))
  printf '  %-16s %-11s %-58s %4d.%d s\n' "$step" "$1" "$2" $((took / 1000)) $((took % 1000 / 100)) >&3
}

# note TEXT: what a long step is doing now.
note() { printf '  %-16s %s; log: %s\n' "$step" "$1" "$logs/$step.log" >&3; }

# fail WHAT TO-DO: ends the step.
fail() {
  printf '  %-16s FAILED: %s\n  %-16s what to do: %s\n' "$step" "$1" '' "$2" >&3
  exit 1
}

# --- small tools --------------------------------------------------------------------------------------------------------

# at_least HAVE WANTED: compares dotted numbers.
at_least() {
  local -a have wanted
  local i
  IFS=. read -ra have <<<"${1%%[-+]*}"
  IFS=. read -ra wanted <<<"$2"
  for i in "${!wanted[@]}"; do
    ((10#${have[i]:-0} > 10#${wanted[i]})) && return 0
    ((10#${have[i]:-0} < 10#${wanted[i]})) && return 1
  done
  return 0
}

# package_version NAME: an exact version from package.json, which is where updates arrive.
package_version() {
  local line
  while read -r line; do
    [[ $line =~ ^\"$1\":\ *\"([0-9][^\"]*)\" ]] && { echo "${BASH_REMATCH[1]}"; return; }
  done <"$root/package.json"
  fail "package.json pins no exact version of $1" "write the version without ^ or ~"
}

# content_hash FILE...: 12 hex digits over names and contents.
content_hash() { (cd "$toolchain" && sha256sum -- "$@" | sha256sum | cut -c1-12); }

# need COMMAND [PACKAGE]: a small tool that a bare Debian may lack.
need() {
  command -v "$1" >/dev/null && return
  is_root_on_debian || fail "there is no $1" "install it"
  { apt-get update && apt-get install -y --no-install-recommends "${2:-$1}" ca-certificates; } ||
    fail "apt-get cannot install ${2:-$1}" "see the lines below"
}

# reachable HOST: asked once in a set-up, three seconds at most.
reachable() {
  local answer=$STEP_RUN/reachable-$1
  if [[ ! -e $answer ]]; then
    need curl
    if curl -sS -o /dev/null --connect-timeout 3 --max-time 3 "https://$1/"; then echo yes; else echo no; fi >"$answer"
  fi
  [[ $(<"$answer") == yes ]]
}

# checksum FILE: the sha256 that toolchain/checksums has for an official download; fails when it has none.
checksum() {
  local sum name
  while read -r sum name; do [[ $name == "$1" ]] && { echo "$sum"; return; }; done <"$toolchain/checksums"
  return 1
}

# offered HOST FILE: whether an official download may be used: it can be reached, and verified.
offered() {
  reachable "$1" || return
  checksum "$2" >/dev/null && return
  note "not downloading $2, of which toolchain/checksums has no sha256 (docs/toolchain.md)"
  return 1
}

# verify FILE NAME: ends the step, and removes the file, unless its sha256 is what toolchain/checksums has for NAME.
verify() {
  local wanted have
  wanted=$(checksum "$2") || fail "toolchain/checksums has no sha256 of $2" "add the published one"
  have=$(sha256sum <"$1")
  [[ ${have%% *} == "$wanted" ]] && return
  rm "$1"
  fail "$2 has the sha256 ${have%% *}, toolchain/checksums expects $wanted; it was removed unused" \
    "run set-up again; if it stays so, find out who changed the file: its publisher, or somebody on the way"
}

# download URL FOLDER [TAR OPTION...]: verifies an official download and unpacks it into a folder of its own.
download() {
  local url=$1 folder=$2
  shift 2
  curl -fsSL -o "$folder/.download" "$url" || fail "the download of $url ended with an error" "run set-up again"
  verify "$folder/.download" "${url##*/}"
  tar -xzf "$folder/.download" -C "$folder" "$@" || { rm -rf "$folder"; fail "$url cannot be unpacked" "see the lines below"; }
  rm "$folder/.download"
}

# present NAME: the path of a command that is not this checkout's own link to it.
present() {
  local dir
  local -a dirs
  IFS=: read -ra dirs <<<"$PATH"
  for dir in "${dirs[@]}"; do
    if [[ $dir != "$bin" && -x $dir/$1 && ! -d $dir/$1 ]]; then echo "$dir/$1"; return; fi
  done
  return 1
}

# link TARGET NAME: makes a command part of this checkout's PATH.
link() { [[ $(readlink "$bin/$2" || true) == "$1" ]] || { mkdir -p "$bin" && ln -sfn "$1" "$bin/$2"; }; }

is_root_on_debian() { [[ $EUID == 0 && -r /etc/os-release ]] && (. /etc/os-release && [[ $ID == debian ]]); }

case $(uname -m) in
  x86_64) node_arch=x64 go_arch=amd64 ;;
  aarch64 | arm64) node_arch=arm64 go_arch=arm64 ;;
  *) node_arch=$(uname -m) go_arch=$(uname -m) ;;
esac
case $(uname -s) in Darwin) os=darwin ;; *) os=linux ;; esac
