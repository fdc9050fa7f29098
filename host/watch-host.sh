#!/bin/bash
# Measures what only the host knows: free disk, the oldest offline log, the clock; of a remote its role, too. Started each minute by a timer.
# shellcheck disable=SC2154,SC2034,SC2153 # settings come from, and go to, the files that are sourced
# shellcheck disable=SC2015 # what stands behind || ends the script
# shellcheck source=/dev/null
. "${0%/*}/pair-configuration.sh"
# shellcheck source=/dev/null
. "${0%/*}/local-server.sh"

metrics=()

# metric NAME UNIT VALUE
metric() {
  metrics+=("$(printf '{"MetricName":"%s","Unit":"%s","Value":%s,"Dimensions":[{"Name":"DatabaseId","Value":"%s"},{"Name":"Member","Value":"%s"}]}' \
    "$1" "$2" "$3" "$conf_SYSTEM" "$conf_ROLE")")
}

# of_database NAME VALUE: what the primary tracker tells of a consolidated database.
of_database() {
  metrics+=("$(printf '{"MetricName":"%s","Unit":"Count","Value":%s,"Dimensions":[{"Name":"DatabaseId","Value":"%s"}]}' "$1" "$2" "$conf_SYSTEM")")
}

# No tracker watches a remote: its hosts tell what they are. Of the links only the primary knows.
roles() {
  local line
  line=$(role_line) || line=''
  case $line in
    *';role=primary;'*) ;;
    *';role=none;'*)
      of_database PrimariesClaimed "$([[ $conf_ROLE == single ]] && echo 1 || echo 0)"
      return
      ;;
    *)
      of_database PrimariesClaimed 0
      return
      ;;
  esac
  of_database PrimariesClaimed 1
  of_database MirrorNotSynchronized "$([[ $line == *';state=synchronized;'* ]] && echo 0 || echo 1)"
  of_database PartnerLost "$([[ $line == *';partner=connected;'* ]] && echo 0 || echo 1)"
  of_database ArbiterLost "$([[ $line == *';arbiter=connected;'* ]] && echo 0 || echo 1)"
}

free_disk() {
  local used
  used=$(df --output=pcent -- "$1" | tail -n 1)
  used=${used//[!0-9]/}
  if [[ -n $used ]]; then metric FreeDiskPercent Percent "$((100 - used))"; fi
}

# Offline logs are named yymmddxx.log by SQL Anywhere; the active one has the name of the database.
oldest_log() {
  local oldest
  oldest=$(find "$DATA/db" -maxdepth 1 -iname '[0-9]*.log' -printf '%T@\n' 2>/dev/null | sort -n | head -n 1)
  if [[ -z $oldest ]]; then metric OldestLogDays None 0; else metric OldestLogDays None "$((($(date +%s) - ${oldest%.*}) / 86400))"; fi
}

# By chrony's own word: fields 5 and 14 of its tracking are the offset in seconds and whether it is synchronized at all.
clock() {
  local fields
  IFS=, read -r -a fields < <(chronyc -c tracking 2>/dev/null)
  if [[ ${fields[4]:-} =~ ^-?([0-9]+(\.[0-9]+)?)$ && ${fields[13]:-} == Normal ]]; then
    metric ClockOffsetSeconds Seconds "${BASH_REMATCH[1]}"
  else
    # Nobody knows how far it is off: as bad as an hour.
    metric ClockOffsetSeconds Seconds 3600
  fi
}

read_pair_configuration
if [[ $conf_ROLE == arbiter ]]; then
  free_disk "$STATE"
else
  free_disk "$DATA"
  oldest_log
  if [[ $conf_HOLDS_REMOTE == yes ]]; then roles; fi
fi
clock
data=$(mktemp "$RUN/metrics.XXXXXX") || die "$RUN: cannot be written"
trap 'rm -f -- "$data" "$RUN"/*-$$.*' EXIT
(
  IFS=,
  printf '[%s]\n' "${metrics[*]}"
) >"$data"
timeout -k 5 50 aws cloudwatch put-metric-data --namespace MobiLinkHA --metric-data "file://$data" || die 'CloudWatch was not told'
