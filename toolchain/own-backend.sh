# The backend below .local/, for this checkout alone. Sourced by bin/pulumi.
# shellcheck shell=bash
# Pulumi keeps a stack's salt and its secrets in Pulumi.<stack>.yaml. Here they belong to a passphrase that only this checkout
# has, so they may not get into the committed file: Pulumi works on a copy, .local/stacks/Pulumi.<stack>.yaml, which
# toolchain/stack-file.ts renews from the committed file whenever that is newer.

own_backend() {
  local stack=$PULUMI_STACK words=() i
  for ((i = 1; i <= $#; i++)); do
    case ${!i} in
      -s | --stack) ((i++)); stack=${!i:-$stack} ;;
      -s=* | --stack=*) stack=${!i#*=} ;;
      --config-file | --config-file=*) return ;;
      -*) ;;
      *) words+=("${!i}") ;;
    esac
  done
  stack=${stack##*/}

  export PULUMI_BACKEND_URL=file://$PWD/.local/state
  export PULUMI_CONFIG_PASSPHRASE_FILE=${PULUMI_CONFIG_PASSPHRASE_FILE:-$PWD/.local/passphrase}
  if [[ ! -e .local/passphrase ]]; then
    mkdir -p .local/state .local/stacks
    # Linked, not moved: of two at once the first one counts.
    (umask 077 && head -c 24 /dev/urandom | base64 >".local/passphrase.$$")
    ln ".local/passphrase.$$" .local/passphrase 2>/dev/null || true
    rm -f ".local/passphrase.$$"
  fi

  # Commands about no stack, or that make one, are Pulumi's own.
  case "${words[*]:-}" in
    '' | help* | version* | plugin* | about* | login* | logout* | whoami* | stack\ init* | stack\ ls* | schema* | package*) return ;;
  esac
  # The committed stack file is not the stack's to remove.
  [[ "${words[*]}" == stack\ rm* ]] && export PULUMI_OPTION_PRESERVE_CONFIG=true
  # A plain value belongs into the committed file; a secret, which only this checkout can read, does not.
  [[ ${words[0]:-} == config && ${words[1]:-} == set && " $* " != *" --secret "* ]] && return

  local own=.local/stacks/Pulumi.$stack.yaml
  [[ "${words[*]}" == stack\ rm* || -e .local/state/.pulumi/stacks/robotoff-protea/$stack.json ]] || new_stack "$stack" "$own"
  if [[ ! -e $own || Pulumi.$stack.yaml -nt $own ]]; then node toolchain/stack-file.ts "Pulumi.$stack.yaml" "$own"; fi
  export PULUMI_OPTION_CONFIG_FILE=$own
}

# new_stack STACK OWN: makes the stack from a folder of its own, so that its salt lands there.
new_stack() {
  local folder
  folder=$(mktemp -d .local/new-stack.XXXXXX)
  sed '/^main:/d' Pulumi.yaml >"$folder/Pulumi.yaml"
  (cd "$folder" && env -u PULUMI_STACK pulumi stack init "$1" --non-interactive --no-select >&2)
  mkdir -p "${2%/*}"
  # A copy that is left of an earlier stack of that name stays: it has the same passphrase, and secrets that may still be in use.
  if [[ ! -e $2 ]]; then
    mv "$folder/Pulumi.$1.yaml" "$2"
    touch -d @0 "$2" # older than the committed file, which has yet to be merged in
  fi
  rm -rf "$folder"
}
