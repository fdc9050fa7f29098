#!/bin/bash
# Tells EventBridge that this server has taken the role of the primary: a hint for the primary tracker, which finds it out by itself ten
# seconds later at most. Started by an event inside the database, as the database's user.
# shellcheck disable=SC2154,SC2034,SC2153 # settings come from, and go to, the files that are sourced
# shellcheck disable=SC2015 # what stands behind || ends the script
# shellcheck source=/dev/null
. "${0%/*}/pair-configuration.sh"

read_pair_configuration
entries=$(mktemp "$RUN/failover.XXXXXX") || die "$RUN: cannot be written"
trap 'rm -f -- "$entries"' EXIT
printf '[{"Source":"mobilink-ha","DetailType":"MobiLink Mirror Failover","Detail":"{\\"databaseId\\":\\"%s\\",\\"server\\":\\"%s\\"}"}]\n' \
  "$conf_SYSTEM" "$conf_SERVER" >"$entries"
timeout -k 5 30 aws events put-events --entries "file://$entries" >/dev/null || die 'EventBridge was not told'
