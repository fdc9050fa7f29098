#!/bin/bash
# Gives the role of the primary to the mirror: a planned failover, which breaks all connections once. Refuses unless the local server is
# primary, its mirror is synchronized, and partner and arbiter are there.
# shellcheck disable=SC2154,SC2034,SC2153 # settings come from, and go to, the files that are sourced
# shellcheck disable=SC2015 # what stands behind || ends the script
# shellcheck source=/dev/null
. "${0%/*}/pair-configuration.sh"
# shellcheck source=/dev/null
. "${0%/*}/local-server.sh"

read_pair_configuration
if [[ $conf_ROLE == arbiter ]]; then die 'the arbiter has no database'; fi
line=$(role_line) || die 'the local server does not answer'
if [[ $line != *';role=primary;state=synchronized;partner=connected;arbiter=connected;'* ]]; then die "refused: $line"; fi
# Its own connection breaks with all others, so its exit code says nothing.
ask "ALTER DATABASE \"$conf_DATABASE\" SET PARTNER FAILOVER" >/dev/null 2>&1
SECONDS=0
while line=$(role_line) && [[ $line == *';role=primary;'* ]]; do
  if ((SECONDS > ${FAILS_OVER_WITHIN:-120})); then die "still primary: $line"; fi
  sleep "${PAUSE:-2}"
done
say "no primary any more: ${line:-no answer yet}"
