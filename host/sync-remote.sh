#!/bin/bash
# Synchronizes the MobiLink remote of this host once, if the local database server is the primary of its pair.
#
# Started by Systems Manager (parameters in SSM_RunId and SSM_Profile, this text in $BASH_EXECUTION_STRING), or by the database
# itself: bash sync-remote.sh RUN_ID [PROFILE].
#
# Exit codes, and no other:
#   0  synchronized
#   75 the local server is not the primary, or does not answer: the partner may be
#   76 a sync of this remote is under way on this host
#   77 this run has been synchronized here before
#   1  anything else; dbmlsync's own code stands in the report (it could be 194, which the agent takes for "reboot")
# One line of JSON on standard output says what happened; everything else goes to standard error.
#
# What must never happen, and why it does not:
#   - two syncs of one remote at once on one host: a lock, which dbmlsync inherits, so that it holds even if this script is killed
#   - a sync on a mirror: the role is asked of the local server by its own name, and dbmlsync connects to that same server, which
#     refuses to write if it has become the mirror since
#   - a secret in a process list, a log or the environment: the tools read it from a file that only the database's user can read
# shellcheck disable=SC2154 # settings come from remote-configuration.sh
set -u
umask 077
unset BASH_ENV ENV CDPATH
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# The report alone reaches standard output.
exec 3>&1 1>&2

SYNCHRONIZED=0 FAILED=1 NOT_PRIMARY=75 BUSY=76 ALREADY_DONE=77
if ! declare -F read_settings >/dev/null; then
  # In the document of Systems Manager it stands before this script.
  # shellcheck source=/dev/null
  . "${0%/*}/remote-configuration.sh"
fi
RUN_ID=${1:-${SSM_RunId:-}}
RUN_PROFILE=${2:-${SSM_Profile:-}}
STARTED=$(date +%s)

# --- the report --------------------------------------------------------------------------------------------------------------

code='' work='' child='' watchdog='' reported=''

# Printable ASCII without what JSON would need escaped; at most so many characters.
quoted() {
  local text=${1//[^ -~]/ }
  text=${text//\\/\/}
  text=${text//\"/\'}
  printf '"%s"' "${text:0:$2}"
}

# finish RESULT MESSAGE: reports once and ends the script.
finish() {
  local result=$1 message=${2:0:2000} line report most exit_code=$FAILED
  case $result in
    synchronized) exit_code=$SYNCHRONIZED ;;
    not-primary) exit_code=$NOT_PRIMARY ;;
    busy) exit_code=$BUSY ;;
    already-done) exit_code=$ALREADY_DONE ;;
  esac
  printf '%s: %s\n' "$result" "${message//[^ -~]/ }"
  line="{\"version\":1,\"remote\":$(quoted "${conf_REMOTE:-}" 200),\"run\":$(quoted "$RUN_ID" 100),\"result\":\"$result\""
  if [[ $code =~ ^[0-9]+$ ]]; then line+=",\"code\":$code"; fi
  if [[ -n $role ]]; then line+=",\"role\":$(quoted "$role" 40)"; fi
  line+=",\"server\":$(quoted "${conf_SERVER:-}" 130),\"profile\":$(quoted "${profile:-}" 130)"
  line+=",\"startedAt\":\"$(date -u -d "@$STARTED" +%Y-%m-%dT%H:%M:%SZ)\",\"seconds\":$(($(date +%s) - STARTED)),\"message\":"
  # Systems Manager keeps 2,500 bytes of what a script wrote, and half of that of each stream when both are long.
  for most in 500 250 120 0; do
    report="$line$(quoted "$message" "$most")}"
    if ((${#report} <= 1200)); then break; fi
  done
  reported=yes
  printf '%s\n' "$report" >&3
  exit "$exit_code"
}

# Whatever ends the script, nothing of it stays but the watchdog of a dbmlsync that cannot be ended otherwise.
# shellcheck disable=SC2329 # called by the trap
cleanup() {
  local ended_with=$?
  trap '' HUP INT TERM
  if [[ -n $child ]]; then kill -KILL -- "-$child" 2>/dev/null; fi
  if [[ -n $watchdog ]]; then kill -KILL -- "-$watchdog" 2>/dev/null; fi
  if [[ -n $work ]]; then rm -rf -- "$work"; fi
  if [[ -z $reported ]]; then finish failed "the script ended unexpectedly with $ended_with"; fi
}
trap cleanup EXIT

# --- the run -----------------------------------------------------------------------------------------------------------------

check_run() {
  if [[ ! $RUN_ID =~ ^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}@[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$ ]]; then
    RUN_ID=''
    problem 'the run id is missing or wrong; the SSM agent must be 3.3.2746.0 or newer to pass it'
  fi
  if [[ -n $RUN_PROFILE && ! $RUN_PROFILE =~ ${PATTERNS[PROFILE]} ]]; then
    RUN_PROFILE=''
    problem 'the profile of the run is wrong'
  fi
  profile=${RUN_PROFILE:-${conf_PROFILE:-}}
  if [[ -z $profile && -z ${conf_SUBSCRIPTION:-} ]]; then
    problem "$CONFIG: PROFILE or SUBSCRIPTION must say what to synchronize"
  fi
}

# The rest runs as the user of the database, so that a sync that the database starts itself meets the same lock and files.
become_database_user() {
  local me
  me=$(id -un)
  if [[ $me == "$conf_OS_USER" ]]; then return; fi
  if ((EUID != 0)); then
    finish failed "this is user $me; the remote belongs to $conf_OS_USER, and only root can change to it"
  fi
  if ! id -u -- "$conf_OS_USER" >/dev/null 2>&1; then finish failed "$CONFIG: there is no user $conf_OS_USER"; fi
  if ! command -v runuser >/dev/null; then finish failed 'runuser of util-linux is missing'; fi
  prepare_folder "$conf_STATE_FOLDER"
  prepare_folder "$conf_SYNC_LOGS"
  local script=("$0" "$RUN_ID" "$RUN_PROFILE")
  if [[ -n ${BASH_EXECUTION_STRING:-} ]]; then script=(-c "$BASH_EXECUTION_STRING" sync-remote.sh "$RUN_ID" "$RUN_PROFILE"); fi
  exec 1>&3 3>&-
  reported=yes
  exec runuser -u "$conf_OS_USER" -- env -i "MOBILINK_HA_CONFIG=$CONFIG" /bin/bash "${script[@]}"
}

prepare_folder() {
  if [[ -d $1 ]]; then return; fi
  if ! mkdir -p -- "$1" || ! chown -- "$conf_OS_USER:" "$1" || ! chmod 0700 -- "$1"; then finish failed "$1: cannot be made"; fi
}

# --- the local server ----------------------------------------------------------------------------------------------------------

# Ends the script unless the local server says that it is the primary. No answer is no primary: the partner may be one.
require_primary() {
  local answered out
  write_arguments ping -d -c "\"$connection\""
  if ! ask dbping ping; then
    out=$(told "$work/ping.out")
    if [[ $out =~ [Ii]nvalid\ user\ ID\ or\ password ]]; then finish failed "$conf_CREDENTIALS: the local server does not accept them"; fi
    finish not-primary "the local server $conf_SERVER does not answer: $out"
  fi
  ask_role
  answered=$?
  if ((answered != 0)); then
    finish not-primary "the local server $conf_SERVER does not tell its role: $(told "$work/role.out")"
  fi
  if [[ $read_only == on ]]; then finish not-primary "the local database is read-only, its role is $role"; fi
  case $role:$conf_MIRRORED in
    primary:*) ;;
    none:no | :no) ;;
    none:yes | :yes) finish not-primary "the local database has no role, though $CONFIG does not say MIRRORED=no" ;;
    *) finish not-primary "the local database is $role" ;;
  esac
}

# dbmlsync reads the logs of the folder that it is given, whoever's they are. Where the server does not tell, nothing can be compared.
require_folder_of_log() {
  local folder=${log_name%/*}
  if [[ $log_name != /* ]]; then return; fi
  if [[ ! $folder -ef $conf_LOG_FOLDER ]]; then
    finish failed "$CONFIG: LOG_FOLDER is $conf_LOG_FOLDER, but the active log of $conf_SERVER lies in $folder"
  fi
}

# --- dbmlsync ------------------------------------------------------------------------------------------------------------------

# Ends the whole group of dbmlsync: SIGHUP lets it end in order, SIGKILL cannot be ignored. It outlives this script on purpose.
start_watchdog() {
  if [[ -n $watchdog ]]; then kill -KILL -- "-$watchdog" 2>/dev/null; fi
  # shellcheck disable=SC2016 # expanded by the watchdog
  setsid bash -c 'sleep "$1"; : >"$4"; kill -HUP -- "-$2"; sleep "$3"; kill -KILL -- "-$2"' \
    watchdog "$1" "$child" "$conf_GRACE" "$work/stopped" </dev/null >/dev/null 2>&1 3>&- 9>&- &
  watchdog=$!
}

synchronize() {
  local options="dir=$conf_LOG_FOLDER" limit=$conf_TIME_LIMIT log ended_with interrupted='' since
  # The first sync of a remote can take hours (facts: field notes); its limit is a setting of its own, 0 for none.
  if [[ ! -e $conf_STATE_FOLDER/synchronized-once ]]; then limit=$conf_FIRST_TIME_LIMIT; fi
  if [[ -n ${conf_MOBILINK_PROTOCOL:-} ]]; then options+=";ctp=$conf_MOBILINK_PROTOCOL"; fi
  if [[ -n ${conf_MOBILINK_ADDRESS:-} ]]; then options+=";adr='$conf_MOBILINK_ADDRESS'"; fi
  log=$conf_SYNC_LOGS/dbmlsync-$(date -u +%Y%m%dT%H%M%SZ)-$$.log
  local arguments=(-c "\"$connection\"" -e "\"$options\"" -is -qc -v -o "$log")
  if [[ -n $profile ]]; then arguments+=(-sp "$profile"); else arguments+=(-s "$conf_SUBSCRIPTION"); fi
  if [[ -n ${secret_MOBILINK_PASSWORD:-} ]]; then arguments+=(-mp "\"$secret_MOBILINK_PASSWORD\""); fi
  write_arguments sync "${arguments[@]}"

  trap 'interrupted=HUP' HUP
  trap 'interrupted=INT' INT
  trap 'interrupted=TERM' TERM
  since=$(date +%s)
  setsid "$conf_SQLANY_HOME/bin64/dbmlsync" "@$work/sync" </dev/null >"$work/sync.out" 2>&1 3>&- &
  child=$!
  if ((limit > 0)); then start_watchdog "$limit"; fi
  while :; do
    wait "$child"
    ended_with=$?
    if ! kill -0 "$child" 2>/dev/null; then break; fi
    # A signal came, so the sync has to end now.
    start_watchdog 0
  done
  # It may have left children behind.
  kill -KILL -- "-$child" 2>/dev/null
  child=''
  code=$ended_with
  keep_few_logs

  if [[ -n $interrupted ]]; then finish failed "stopped by SIG$interrupted"; fi
  if [[ -e $work/stopped ]]; then finish failed "stopped after the limit of $limit seconds"; fi
  if ((code != 0)); then finish failed "$(runbook_of "$log")dbmlsync: $(last_error "$log")"; fi
  # An exit code is cut to eight bits: 256 looks like success, its log does not.
  if grep -qsh '^E\. ' -- "$log" "$work/sync.out"; then
    finish failed "$(runbook_of "$log")dbmlsync ended with 0, but its log has errors: $(last_error "$log")"
  fi
  : >"$conf_STATE_FOLDER/synchronized-once"
  remember_run
  finish synchronized "after $(($(date +%s) - since)) seconds"
}

last_error() {
  grep -sh '^E\. ' -- "$1" "$work/sync.out" | tail -n 1 >"$work/error"
  if [[ ! -s $work/error ]]; then tail -c 500 -- "$work/sync.out" >"$work/error"; fi
  told "$work/error"
}

# Which page of docs/runbooks helps; before the error, which is cut where it is long. Its wording is SAP's, so it is looked for loosely.
runbook_of() {
  if last_error "$1" | grep -qiE 'transaction log.*(missing|not found|offset|gap|cannot|unable|no )|(missing|no|not find|unable|find).*(off-?line )?(transaction )?log|log (operation )?(at )?offset'; then
    printf '[runbook missing-transaction-log] '
  fi
}

# The last 20 logs, none longer than about 10 MB.
keep_few_logs() {
  local logs=("$conf_SYNC_LOGS"/dbmlsync-*.log) index
  for ((index = 0; index < ${#logs[@]} - 20; index++)); do rm -f -- "${logs[index]}"; done
  if [[ -f $log && $(stat -c %s -- "$log") -gt 10000000 ]]; then
    tail -c 10000000 -- "$log" >"$log.end" && mv -f -- "$log.end" "$log"
  fi
}

# Replaced as a whole, so that a crash leaves the old or the new list.
remember_run() {
  {
    tail -n 49 -- "$conf_STATE_FOLDER/synchronized-runs" 2>/dev/null
    printf '%s\n' "$RUN_ID"
  } >"$conf_STATE_FOLDER/synchronized-runs.new" && mv -f -- "$conf_STATE_FOLDER/synchronized-runs.new" "$conf_STATE_FOLDER/synchronized-runs"
}

# --- the way of a run ----------------------------------------------------------------------------------------------------------

check_configuration
check_run
if [[ -n $problems ]]; then finish failed "$problems"; fi
become_database_user

read_credentials "$conf_CREDENTIALS"
for tool in dbping dbisql dbmlsync; do
  if [[ ! -x $conf_SQLANY_HOME/bin64/$tool ]]; then problem "$conf_SQLANY_HOME/bin64/$tool: not there"; fi
done
for folder in "$conf_STATE_FOLDER" "$conf_SYNC_LOGS"; do
  if [[ ! -d $folder || ! -w $folder ]]; then problem "$folder: not there, or not writable for $(id -un)"; fi
done
if [[ ! -d $conf_LOG_FOLDER ]]; then problem "$conf_LOG_FOLDER: the folder of the active log is not there"; fi
if [[ -n $problems ]]; then finish failed "$problems"; fi

exec 9>>"$conf_STATE_FOLDER/lock" || finish failed "$conf_STATE_FOLDER/lock: cannot be written"
if ! flock -n 9; then finish busy 'a sync of this remote is under way on this host'; fi
# Of a script that was killed: its secrets. Its dbmlsync is gone too, or this one would not have the lock.
rm -rf -- "$conf_STATE_FOLDER"/run.*
if grep -qxF -- "$RUN_ID" "$conf_STATE_FOLDER/synchronized-runs" 2>/dev/null; then
  finish already-done 'this run has been synchronized here before'
fi

work=$(mktemp -d "$conf_STATE_FOLDER/run.XXXXXXXX") || finish failed "$conf_STATE_FOLDER: cannot be written"
export LD_LIBRARY_PATH=$conf_SQLANY_HOME/lib64 SATMP=$work
connection=$(local_connection)
require_primary
require_folder_of_log
synchronize
