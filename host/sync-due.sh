#!/bin/bash
# Synchronizes what is due by the schedules of this remote's own database. Started by the database's events, so as its user:
#   bash sync-due.sh NAME   one schedule
#   bash sync-due.sh        all of them: after a failover
#
# The latest slot of a schedule is due until it was synchronized on this host, for as long as its `catchUp` says. So an event may fire too
# often, twice, or after the server's clock was changed. Exit codes are those of sync-remote.sh; 0 if nothing is due.
# shellcheck disable=SC2154 # settings come from remote-configuration.sh
set -u
umask 077
unset BASH_ENV ENV CDPATH
# The database server that starts this has a library path and a folder of its own.
unset LD_LIBRARY_PATH SATMP
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# shellcheck source=/dev/null
. "${0%/*}/remote-configuration.sh"

SCHEDULES=${CONFIG%/*}/schedules.conf
# Tests let a second be shorter, and another moment be now.
BUSY_PAUSE=${MOBILINK_HA_BUSY_PAUSE:-15} BUSY_TRIES=${MOBILINK_HA_BUSY_TRIES:-40}
NOW=${MOBILINK_HA_NOW:-}

say() {
  printf '%s sync-due: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" >&2
}

# --- slots ---------------------------------------------------------------------------------------------------------------------
# Of the schedule that `schedule` holds.

minutes_of() {
  printf '%s' "$((10#${1%%:*} * 60 + 10#${1##*:}))"
}

# local_text FORMAT SECONDS: sets `text` to that moment in the zone of the schedule.
text=''
local_text() {
  TZ=${schedule[zone]} printf -v text "%($1)T" "$2"
}

# offset SECONDS: sets `offset` to that of the zone from UTC, in seconds, at that moment.
offset=0
offset() {
  local_text %z "$1"
  offset=$((${text:0:1}1 * (10#${text:1:2} * 3600 + 10#${text:3:2} * 60)))
}

# moment DAY MIDNIGHT MINUTES: sets `moment` to the seconds since 1970 of that local time, where MIDNIGHT are those of the day's in UTC. Of a
# time that comes twice the first counts; one that is left out comes at the first moment after the gap.
moment() {
  local clock before after try=$(($2 + $3 * 60))
  printf -v clock '%s %02d:%02d' "$1" "$(($3 / 60))" "$(($3 % 60))"
  # As if the offset of the zone were that of the day before, then that of the day after.
  offset "$((try - 86400))"
  before=$offset
  offset "$((try + 86400))"
  after=$offset
  local early=$((try - (before > after ? before : after))) late=$((try - (before > after ? after : before)))
  for moment in "$early" "$late"; do
    local_text '%Y-%m-%d %H:%M' "$moment"
    if [[ $text == "$clock" ]]; then return; fi
  done
  # In the gap: its end is where the offset changes.
  local low=$early high=$late middle
  offset "$early"
  before=$offset
  while ((high - low > 1)); do
    middle=$(((low + high) / 2))
    offset "$middle"
    if ((offset == before)); then low=$middle; else high=$middle; fi
  done
  moment=$high
}

# latest_slot NOW: sets `slot` to the seconds since 1970 of the latest one, at most two days ago; empty if there is none.
latest_slot() {
  local now=$1 back day midnight weekday first last every
  slot=''
  if [[ -n ${schedule[at]:-} ]]; then
    first=$(minutes_of "${schedule[at]}")
    last=$first
    every=1440
  else
    first=$(minutes_of "${schedule[from]:-00:00}")
    every=${schedule[every]}
    last=$(minutes_of "${schedule[to]:-24:00}")
    last=$((first + (last - 1 - first) / every * every))
  fi
  for back in 0 1 2; do
    local_text %Y-%m-%d "$((now - back * 86400))"
    day=$text
    read -r weekday midnight <<<"$(date -u -d "$day" '+%a %s')"
    if [[ -n ${schedule[days]:-} && ,${schedule[days]}, != *,$weekday,* ]]; then continue; fi
    find_slot "$day" "$midnight" "$now" "$first" "$last" "$every"
    if [[ -n $slot ]]; then return; fi
  done
}

# The latest slot of a day that is not later than now: slots of a day come in order, so halving finds it.
find_slot() {
  local day=$1 midnight=$2 now=$3 first=$4 every=$6 low=0 high middle
  high=$((($5 - first) / every))
  moment "$day" "$midnight" "$first"
  if ((moment > now)); then return; fi
  while ((low < high)); do
    middle=$(((low + high + 1) / 2))
    moment "$day" "$midnight" "$((first + middle * every))"
    if ((moment <= now)); then low=$middle; else high=$((middle - 1)); fi
  done
  moment "$day" "$midnight" "$((first + low * every))"
  slot=$moment
}

# --- a schedule ----------------------------------------------------------------------------------------------------------------

synchronize_schedule() {
  local now run report result exit_code tries
  now=${NOW:-$(date +%s)}
  latest_slot "$now"
  if [[ -z $slot ]] || ((now - slot > schedule[catchUp])); then return 0; fi
  run="${schedule[name]}@$(date -u -d "@$slot" +%Y-%m-%dT%H:%M:%S).000Z"
  if grep -qxF -- "$run" "$conf_STATE_FOLDER/synchronized-runs" 2>/dev/null; then return 0; fi
  for ((tries = 1; ; tries++)); do
    report=$(/bin/bash --norc "${0%/*}/sync-remote.sh" "$run" "${schedule[profile]:-}")
    exit_code=$?
    if ((exit_code != 76 || tries >= BUSY_TRIES)); then break; fi
    sleep "$BUSY_PAUSE"
  done
  result=${report#*\"result\":\"}
  result=${result%%\"*}
  case $result in
    synchronized | failed) keep_outcome "$report" ;;
    # The partner's own event tells, or another sync does.
    *) say "$run: ${result:-nothing was said}" ;;
  esac
  return "$exit_code"
}

# Whole or not at all, in the order of time; exchange-with-registry.sh takes it from there.
keep_outcome() {
  local folder=$conf_STATE_FOLDER/outcomes name
  name=$(date -u +%Y%m%dT%H%M%S%N)-$$
  if ! mkdir -p -- "$folder" || ! printf '%s\n' "$1" >"$folder/.$name" || ! mv -f -- "$folder/.$name" "$folder/$name.json"; then
    say "$folder: cannot be written; the registry does not hear of this sync: $1"
  fi
}

check_configuration
if [[ -n $problems ]]; then exit 1; fi
if [[ $(id -un) != "$conf_OS_USER" ]]; then
  say "this is user $(id -un); the remote belongs to $conf_OS_USER"
  exit 1
fi
if [[ ! -r $SCHEDULES ]]; then
  say "$SCHEDULES: not there, or not readable"
  exit 1
fi
if [[ -e ${CONFIG%/*}/paused ]]; then
  say 'paused'
  exit 0
fi

ended=0 known='' wrong='' slot='' moment=0
while IFS= read -r line || [[ -n $line ]]; do
  if [[ $line =~ ^[[:space:]]*(#|$) ]]; then continue; fi
  if ! read_schedule "$line"; then
    say "$SCHEDULES: ${schedule[name]:-a schedule}: $wrong"
    ended=1
    continue
  fi
  if (($# > 0)) && [[ ${schedule[name]} != "$1" ]]; then continue; fi
  known=yes
  # Not from this list: what it runs could read it.
  synchronize_schedule </dev/null || ended=$?
done <"$SCHEDULES"
if (($# > 0)) && [[ -z $known ]]; then
  say "$SCHEDULES: there is no schedule ${1//[^A-Za-z0-9_.-]/?}"
  ended=1
fi
exit "$ended"
