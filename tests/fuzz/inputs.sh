# shellcheck shell=bash
# Sourced by tests/fuzz/run and tests/fuzz/replay: which files a target begins with.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here

# inputs TARGET: prints folders and files of our own, one a line: seeds, past crashes, and what other tests have anyway.
inputs() {
  local path
  for path in "$here/seeds/$1" "$here/crashes/$1"; do
    [[ -d $path ]] && printf '%s\n' "$path"
  done
  case $1 in
    config) printf '%s\n' "$here"/../../deploy/examples ;;
    # What verifies as far as it goes; the target says why not the others.
    ledger) printf '%s\n' "$here"/../vectors/ledger/{good,torn,open,key}-*.ndjson ;;
  esac
}
