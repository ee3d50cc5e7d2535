# A Go compiler, looked for only when something has to be built, and the build itself. Sourced by the steps that build.
# shellcheck shell=bash

find_go() {
  local have fetched=$cache/go/$go_version archive=go$go_version.$os-$go_arch.tar.gz
  export GOTOOLCHAIN=local GOFLAGS=
  if go=$(present go) && have=$("$go" env GOVERSION) && at_least "${have#go}" "$go_wanted"; then return; fi
  go=$fetched/bin/go
  [[ -x $go ]] && return
  rm -rf "$fetched.new"
  mkdir -p "$fetched.new"
  if offered go.dev "$archive"; then
    note "downloading Go $go_version"
    download "https://go.dev/dl/$archive" "$fetched.new" --strip-components 1
  else
    # Every Go release is also a Go module, checked against the checksum database; any older go command can fetch it.
    local old
    if ! old=$(present go); then
      is_root_on_debian || fail "there is no Go to build with, and no download is reachable" "install Go $go_wanted or newer"
      note "installing Debian's Go, to fetch Go $go_version with"
      apt-get update && apt-get install -y --no-install-recommends golang-go
      old=$(present go)
    fi
    note "fetching Go $go_version as a Go module"
    (cd "$fetched.new" && GO111MODULE=on GOMODCACHE=$fetched.new/mod "$old" mod download "golang.org/toolchain@v0.0.1-go$go_version.$os-$go_arch")
    chmod -R u+w "$fetched.new/mod"
    mv "$fetched.new/mod/golang.org/"toolchain@*/* "$fetched.new/"
    rm -rf "$fetched.new/mod"
    chmod -R +x "$fetched.new/bin" "$fetched.new/pkg/tool" # zip files of modules keep no modes
  fi
  rm -rf "$fetched"
  mv "$fetched.new" "$fetched"
}

# build MODULE PACKAGE OUTPUT [-X flag] [-tags …]: one binary from the Go module toolchain/MODULE, verified by its go.sum.
build() {
  local module=$1 package=$2 output=$3 define=$4
  shift 4
  mkdir -p "${output%/*}"
  (cd "$toolchain/$module" && "$go" build -mod=readonly -trimpath -ldflags "-s -w $define" "$@" -o "$output.new" "$package") ||
    fail "building $module ended with an error" "see the lines below; is a Go module proxy reachable? (go env GOPROXY)"
  mv "$output.new" "$output"
}
