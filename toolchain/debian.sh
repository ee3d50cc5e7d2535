# Packages of a newer Debian release on an older one. Sourced by the docker steps.
# shellcheck shell=bash
# Bookworm's docker.io is 20.10; that of trixie is 26.1 and needs nothing that bookworm lacks. The machine's own apt sources
# stay as they are: the newer release is read through directories of its own.

# debian_download PACKAGE...: leaves PACKAGE_*.deb of the release $debian_engine in $debs.
debs=$cache/debian-$debian_engine
debian_download() {
  local mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  # shellcheck disable=SC2016 # apt's own format, not the shell's
  mirror=$(apt-get indextargets --format '$(ORIGIN) $(RELEASE) $(REPO_URI)' 'Identifier: Packages' |
    awk '$1 == "Debian" && $2 !~ /-/ { print $3; exit }')
  [[ $mirror ]] || { apt-get update; fail "apt knows no Debian mirror" "run apt-get update, then set-up again"; }
  mkdir -p "$debs"/{lists/partial,cache/archives/partial,parts}
  echo "deb [signed-by=$keyring] $mirror $debian_engine main" >"$debs/sources.list"
  local options=(
    -o "Dir::Etc::SourceList=$debs/sources.list" -o "Dir::Etc::SourceParts=$debs/parts"
    -o "Dir::State::Lists=$debs/lists" -o "Dir::Cache=$debs/cache"
    -o APT::Sandbox::User=root -o Acquire::Languages=none
  )
  apt-get "${options[@]}" update
  for package in "$@"; do rm -f "$debs/${package}"_*.deb; done
  (cd "$debs" && apt-get "${options[@]}" download "$@")
}

# debian_offers PACKAGE MAJOR: whether the machine's own sources have the package in that major version or a newer one.
debian_offers() {
  local candidate
  candidate=$(apt-cache policy "$1" | awk '$1 == "Candidate:" { print $2 }')
  [[ $candidate =~ ^([0-9]+:)?([0-9]+) ]] && ((BASH_REMATCH[2] >= $2))
}
