# shellcheck shell=bash
# Sourced by deploy/run and tests/run: steps with timings, Debian packages, builds.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root

# What Debian 12 offers and a build needs. A name behind a colon is a command that will do as well.
readonly BUILD_PACKAGES=(
  g++ cmake ninja-build:ninja pkg-config ccache
  libboost1.81-dev libssl-dev libsodium-dev libyaml-cpp-dev libsimdjson-dev libfmt-dev libspdlog-dev libcli11-dev prometheus-cpp-dev
  libmimalloc-dev libre2-dev libsqlite3-dev libhiredis-dev
)

say() { printf '%s\n' "$*"; }
fail() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# step TITLE COMMAND...: runs the command, says what and for how long. Stops the script if it fails.
step() {
  local title=$1 begin=$SECONDS
  shift
  say "== $title"
  "$@" || fail "$title: failed after $((SECONDS - begin)) s"
  say "   done in $((SECONDS - begin)) s"
}

missing_packages() {
  local entry package command
  for entry in "$@"; do
    package=${entry%%:*} command=${entry#*:}
    [[ $entry == *:* ]] && command -v "$command" >/dev/null && continue
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || printf '%s ' "$package"
  done
}

# need_packages ENTRY...: installs what is missing as root; as a user says what to install.
need_packages() {
  local missing
  command -v dpkg-query >/dev/null || { say "   not a Debian system: taking the packages for granted"; return; }
  missing=$(missing_packages "$@")
  [[ -n $missing ]] || { say "   all there"; return; }
  if ((EUID != 0)); then
    say "   missing: $missing"
    say "   install them with: sudo apt-get install --no-install-recommends $missing"
    return 1
  fi
  say "   installing: $missing"
  apt-get -qq update
  # shellcheck disable=SC2086  # a list of names
  DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $missing </dev/null >/dev/null
}

# build PRESET: configures and builds with the compiler cache in the build folder, unless CCACHE_DIR is set.
build() {
  export CCACHE_DIR=${CCACHE_DIR:-$root/build/ccache}
  export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros,include_file_mtime,include_file_ctime}
  local quiet=()
  [[ -t 1 ]] || quiet=(-- --quiet)  # on a terminal ninja shows its progress in one line
  (cd "$root" && cmake --preset "$1" -Wno-dev >/dev/null && cmake --build --preset "$1" "${quiet[@]}")
}
