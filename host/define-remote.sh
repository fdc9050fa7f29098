#!/bin/bash
# Defines in the database what makes it a remote: the user's SQL, each version once; the right of the sync user; how long logs are kept;
# the events. Run by install-remote.sh as the database's user: bash define-remote.sh FOLDER. Only the primary can be defined; on a mirror
# nothing is done, since all of it is mirrored.
#
# In the table mobilink_ha_applied stands what was applied, with its checksum: both partners, a backup and a replaced host agree on it.
# shellcheck disable=SC2154 # settings come from remote-configuration.sh
set -u
umask 077
unset BASH_ENV ENV CDPATH LD_LIBRARY_PATH
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
incoming=${1:?the folder with what is defined}
# shellcheck source=/dev/null
. "$incoming/remote-configuration.sh"

say() {
  printf '%s define-remote: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1"
}

finish() {
  say "$1: $2"
  exit 1
}

# run FILE SECONDS: the statements of a file; what they print goes to run.out.
run() {
  write_arguments run -nogui -onerror exit -c "\"$connection\"" "$1"
  timeout -k 5 "$2" "$conf_SQLANY_HOME/bin64/dbisql" "@$work/run" </dev/null >"$work/run.out" 2>&1
}

# statements TEXT...: all in one connection, or the end of the script.
statements() {
  printf '%s\ngo\n' "$@" >"$work/statements.sql"
  run "$work/statements.sql" 300 || finish failed "$1: $(told "$work/run.out")"
}

# Fills `applied` with what was applied, by name, under which checksum.
declare -A applied=()
read_applied() {
  local line
  statements 'CREATE TABLE IF NOT EXISTS "mobilink_ha_applied" ("name" VARCHAR(128) NOT NULL PRIMARY KEY, "sha256" VARCHAR(80) NOT NULL)' \
    "SELECT 'mobilink-ha-applied=' || \"name\" || '=' || \"sha256\" || ';' FROM \"mobilink_ha_applied\""
  while IFS= read -r line; do
    if [[ $line =~ mobilink-ha-applied=([a-z0-9_\ ]+)=([a-z0-9:]+)\; ]]; then applied[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}; fi
  done <"$work/run.out"
}

# recording NAME CHECKSUM: sets `record` to the statements that write it down.
recording() {
  record=(
    "DELETE FROM \"mobilink_ha_applied\" WHERE \"name\" = '$1'"
    "INSERT INTO \"mobilink_ha_applied\" (\"name\", \"sha256\") VALUES ('$1', '$2')"
    'COMMIT'
  )
}

# once NAME STATEMENT: if it was not applied, or reads otherwise now.
once() {
  local sum
  sum=$(printf '%s' "$2" | sha256sum)
  sum=${sum%% *}
  if [[ ${applied[$1]:-none} == "$sum" ]]; then return; fi
  recording "$1" "$sum"
  statements "$2" "${record[@]}"
  say "$1 is defined"
}

# Data definition commits by itself, so a file that failed has left its first half behind.
apply_version() {
  local number=$1 sum=$2 text
  local stored=${applied[sql $number]:-none}
  case $stored in
    "$sum") return ;;
    "begun:$sum")
      finish failed "version $number of the SQL was begun before and has not ended; what stood before its error is in the database. Change the file so that it can go on from there, or apply the rest by hand and set its row 'sql $number' in mobilink_ha_applied to $sum"
      ;;
    none | begun:*) ;;
    *) finish failed "version $number of the SQL was applied as $stored and reads $sum now: a file that was applied never changes; add another one" ;;
  esac
  text=$(cat -- "$incoming/sql-$number" && printf x)
  text=${text%x}
  # No two braces together in this script: Systems Manager would fill them in.
  text=${text//'{''{MOBILINK_USER}''}'/"$mobilink_user"}
  text=${text//'{''{SYNC_USER}''}'/"$sync_user"}
  text=${text//'{''{REMOTE_NAME}''}'/"${conf_REMOTE#*/}"}
  printf '%s\n' "$text" >"$work/version.sql"
  recording "sql $number" "begun:$sum"
  statements "${record[@]}"
  say "applying version $number of the SQL"
  run "$work/version.sql" 3000 || finish failed "version $number of the SQL: $(told "$work/run.out")"
  recording "sql $number" "$sum"
  statements "${record[@]}"
}

define_events() {
  local event name names=' '
  while IFS= read -r event; do
    if [[ $event != CREATE* ]]; then continue; fi
    name=${event#*\"}
    name=${name%%\"*}
    names+="$name "
    once "event $name" "$event"
  done <"${CONFIG%/*}/sync-events.sql"
  for name in "${!applied[@]}"; do
    name=${name#event }
    if [[ -z ${applied[event $name]:-} || $names == *" $name "* ]]; then continue; fi
    statements "DROP EVENT IF EXISTS \"$name\"" "DELETE FROM \"mobilink_ha_applied\" WHERE \"name\" = 'event $name'" 'COMMIT'
    say "event $name is gone"
  done
}

check_configuration
if [[ -z $problems ]]; then read_credentials "$incoming/administrator"; fi
if [[ -n $problems ]]; then exit 1; fi
work=$(mktemp -d "$conf_STATE_FOLDER/define.XXXXXXXX") || finish failed "$conf_STATE_FOLDER: cannot be written"
trap 'rm -rf -- "$work"' EXIT
export LD_LIBRARY_PATH=$conf_SQLANY_HOME/lib64 SATMP=$work
connection=$(local_connection)
if ! ask_role; then
  say "the local server $conf_SERVER does not tell its role; the next run tries again: $(told "$work/role.out")"
  exit 0
fi
if [[ $read_only == on || $role:$conf_MIRRORED != primary:* && $role:$conf_MIRRORED != none:no ]]; then
  say "the local server is no primary but ${role:-nothing}: what is defined on the primary is mirrored"
  exit 0
fi

read_applied
sync_user='' mobilink_user=''
if [[ -f $incoming/sync-user ]]; then
  sync_user=$(<"$incoming/sync-user")
  mobilink_user=$(<"$incoming/mobilink-user")
  once 'right of the sync user' "GRANT ROLE SYS_RUN_REPLICATION_ROLE TO \"$sync_user\""
fi
days=$(<"$incoming/log-days")
if [[ -n $days ]]; then once 'old logs' "SET OPTION PUBLIC.delete_old_logs = '$days days'"; fi
while read -r number sum; do apply_version "$number" "$sum"; done <"$incoming/versions"
define_events
say 'the database is defined'
