# What the stand-ins of the operating system have in common. Each writes down how it was called, and refuses what it does not know.
set -u
tool=${0##*/}
printf '%s %s\n' "$tool" "$*" >>"$MOBILINK_HA_ROOT/journal"

refuse() {
  printf 'violation: %s: %s\n' "$tool" "$1" >>"$MOBILINK_HA_ROOT/journal"
  printf '%s: %s\n' "$tool" "$1" >&2
  exit 64
}
