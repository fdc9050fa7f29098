# What every script of a remote's host knows: its settings, which are read and never executed, and how the local database server is
# asked. Sourced; the document of Systems Manager puts it before sync-remote.sh.
# shellcheck disable=SC2034,SC2154 # settings go to, and come from, the scripts that source this

CONFIG=${MOBILINK_HA_CONFIG:-/etc/mobilink-ha/remote.conf}

declare -A PATTERNS=(
  [REMOTE]='^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}/[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$'
  [OS_USER]='^[a-z_][a-z0-9_-]{0,31}$'
  [SQLANY_HOME]='^/[A-Za-z0-9_./-]{1,200}$'
  [SERVER]='^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$'
  [DATABASE]='^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$'
  [PORT]='^[1-9][0-9]{0,4}$'
  [MIRRORED]='^(yes|no)$'
  [LOG_FOLDER]='^/[A-Za-z0-9_./-]{1,200}$'
  [CREDENTIALS]='^/[A-Za-z0-9_./-]{1,200}$'
  [ADMIN_CREDENTIALS]='^/[A-Za-z0-9_./-]{1,200}$'
  [PROFILE]='^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$'
  [SUBSCRIPTION]='^[A-Za-z0-9_][A-Za-z0-9_.,-]{0,127}$'
  [MOBILINK_PROTOCOL]='^(tcpip|tls|http|https)$'
  [MOBILINK_ADDRESS]='^[A-Za-z0-9_.=;:/-]{1,500}$'
  [TIME_LIMIT]='^(0|[1-9][0-9]{0,5})$'
  [FIRST_TIME_LIMIT]='^(0|[1-9][0-9]{0,5})$'
  [GRACE]='^(0|[1-9][0-9]{0,3})$'
  [STATE_FOLDER]='^/[A-Za-z0-9_./-]{1,200}$'
  [SYNC_LOGS]='^/[A-Za-z0-9_./-]{1,200}$'
)
# In the file of the credentials. Characters that end or quote a value somewhere between here and the database are refused.
# shellcheck disable=SC2034 # read_settings gets its name
declare -A SECRET_PATTERNS=(
  [USER]='^[A-Za-z0-9_.@-]{1,128}$'
  [PASSWORD]='^[]!#$%&()*+,./:<=>?@A-Z[^_`a-z|~0-9-]{1,255}$'
  [MOBILINK_PASSWORD]='^[]!#$%&()*+,./:<=>?@A-Z[^_`a-z|~0-9-]{1,255}$'
)

conf_MIRRORED=yes conf_PORT=2638 conf_TIME_LIMIT=14400 conf_FIRST_TIME_LIMIT=0 conf_GRACE=60
conf_STATE_FOLDER=/var/lib/mobilink-ha conf_SYNC_LOGS=/var/log/mobilink-ha
conf_OS_USER='' conf_SQLANY_HOME='' conf_CREDENTIALS='' conf_LOG_FOLDER='' conf_DATABASE=''
problems=''

problem() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  problems+="${problems:+; }$1"
}

# read_settings FILE PREFIX PATTERNS: one KEY=VALUE a line, # begins a comment line. Values are never shown.
read_settings() {
  local file=$1 prefix=$2 line key value pattern number=0
  local -A seen=()
  while IFS= read -r line || [[ -n $line ]]; do
    number=$((number + 1))
    line=${line%$'\r'}
    if [[ $line =~ ^[[:space:]]*(#|$) ]]; then continue; fi
    key=${line%%=*}
    value=${line#*=}
    pattern=''
    if [[ $line == *=* && $key =~ ^[A-Z_]+$ ]]; then
      pattern="$3[$key]"
      pattern=${!pattern:-}
    fi
    if [[ -z $pattern ]]; then
      problem "$file line $number: no such setting"
    elif [[ -n ${seen[$key]:-} ]]; then
      problem "$file line $number: $key stands there twice"
    elif [[ ! $value =~ $pattern ]]; then
      problem "$file line $number: $key must match $pattern"
    else
      printf -v "$prefix$key" '%s' "$value"
    fi
    seen[$key]=yes
  done <"$file"
}

# owned FILE MASK USERS...: a regular file of one of these users, without any of the mode's bits in MASK.
owned() {
  local file=$1 mask=$2 owner mode user
  shift 2
  if [[ ! -f $file || -L $file ]]; then
    problem "$file: not there, or no regular file"
    return 1
  fi
  owner=$(stat -c %u -- "$file")
  mode=$(stat -c %a -- "$file")
  if (((8#$mode & mask) != 0)); then problem "$file: mode $mode lets others in; use chmod go-rwx"; fi
  for user in "$@"; do
    if [[ $owner == "$user" ]]; then return 0; fi
  done
  problem "$file: owned by user id $owner, must be one of $*"
  return 1
}

require() {
  local key name
  for key in "$@"; do
    name=conf_$key
    if [[ -z ${!name:-} ]]; then problem "$CONFIG: $key is missing"; fi
  done
}

check_configuration() {
  if ! owned "$CONFIG" 022 0 "$EUID"; then return; fi
  if [[ ! -r $CONFIG ]]; then
    problem "$CONFIG: user $EUID cannot read it"
    return
  fi
  read_settings "$CONFIG" conf_ PATTERNS
  require REMOTE OS_USER SQLANY_HOME SERVER DATABASE LOG_FOLDER CREDENTIALS
  if [[ -n ${conf_MOBILINK_ADDRESS:-} && -z ${conf_MOBILINK_PROTOCOL:-} ]]; then
    problem "$CONFIG: MOBILINK_ADDRESS needs MOBILINK_PROTOCOL"
  fi
}

# read_credentials FILE: sets secret_USER, secret_PASSWORD and what else stands there.
read_credentials() {
  if ! owned "$1" 077 0 "$EUID"; then return; fi
  if [[ ! -r $1 ]]; then
    problem "$1: user $(id -un) cannot read it"
    return
  fi
  read_settings "$1" secret_ SECRET_PATTERNS
  if [[ -z ${secret_USER:-} || -z ${secret_PASSWORD:-} ]]; then problem "$1: USER and PASSWORD must stand there"; fi
}

# --- what the deployment says of syncs that the database starts ------------------------------------------------------------------

# shellcheck disable=SC2034 # read_settings gets its name
declare -A REGISTRY_PATTERNS=(
  [REGION]='^[a-z]{2}(-[a-z]+)+-[0-9]$'
  [TABLE]='^[A-Za-z0-9_.-]{3,255}$'
  [SHARDS]='^[1-9][0-9]{0,3}$'
  [OUTCOME_QUEUE]='^https?://[A-Za-z0-9_.:/-]{1,300}$'
)
registry_REGION='' registry_TABLE='' registry_SHARDS='' registry_OUTCOME_QUEUE=''

ZONES=/usr/share/zoneinfo
declare -A SCHEDULE_PATTERNS=(
  [name]='^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'
  [profile]='^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$'
  [zone]='^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$'
  [every]='^([1-9][0-9]{0,2}|1[0-3][0-9]{2}|14[0-3][0-9]|1440)$'
  [from]='^([01][0-9]|2[0-3]):[0-5][0-9]$'
  [to]='^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$'
  [at]='^([01][0-9]|2[0-3]):[0-5][0-9]$'
  [days]='^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(,(Mon|Tue|Wed|Thu|Fri|Sat|Sun))*$'
  [catchUp]='^[1-9][0-9]{0,5}$'
)

# read_schedule LINE: sets `schedule`, or `wrong` to what is wrong with it.
declare -A schedule=()
read_schedule() {
  local part parts key value
  schedule=()
  wrong=''
  IFS=';' read -r -a parts <<<"$1"
  for part in ${parts[@]+"${parts[@]}"}; do
    key=${part%%=*}
    value=${part#*=}
    if [[ $part != *=* || ! $key =~ ^[A-Za-z]+$ || -z ${SCHEDULE_PATTERNS[$key]:-} ]]; then
      wrong='a setting that nobody knows'
    elif [[ ! $value =~ ${SCHEDULE_PATTERNS[$key]} ]]; then
      wrong="$key must match ${SCHEDULE_PATTERNS[$key]}"
    else
      schedule[$key]=$value
    fi
  done
  if [[ -n $wrong ]]; then return 1; fi
  if [[ -z ${schedule[name]:-} || -z ${schedule[zone]:-} || -z ${schedule[catchUp]:-} ]]; then
    wrong='name, zone and catchUp must stand there'
  elif [[ -n ${schedule[every]:-} && -n ${schedule[at]:-} || -z ${schedule[every]:-}${schedule[at]:-} ]]; then
    wrong='either every or at must stand there'
  elif [[ ! -f $ZONES/${schedule[zone]} ]]; then
    wrong="there is no time zone ${schedule[zone]} in $ZONES; install tzdata"
  fi
  [[ -z $wrong ]]
}

# --- the local server ----------------------------------------------------------------------------------------------------------
# `work` is a folder that only the database's user can read.

work='' role='' read_only='' log_name=''

# Always this host's own server by its own name, never the alias: the alias can lead to the partner, whose logs lie elsewhere.
local_connection() {
  printf 'SERVER=%s;DBN=%s;HOST=127.0.0.1:%s;UID=%s;PWD=%s' \
    "$conf_SERVER" "$conf_DATABASE" "$conf_PORT" "$secret_USER" "$secret_PASSWORD"
}

# A file for the tools that read their arguments from @file. Never on a command line.
write_arguments() {
  local name=$1
  shift
  printf '%s\n' "$@" >"$work/$name" || finish failed "$work: cannot be written"
}

# Output of a tool with what is secret left out.
told() {
  local text
  text=$(tail -c 2000 -- "$1" 2>/dev/null)
  text=${text//"$secret_PASSWORD"/***}
  if [[ -n ${secret_MOBILINK_PASSWORD:-} ]]; then text=${text//"$secret_MOBILINK_PASSWORD"/***}; fi
  printf '%s' "${text//$'\n'/ }"
}

# One of the tools with its arguments in a file, for 30 seconds at most. The lock is not for it.
ask() {
  timeout -k 5 30 "$conf_SQLANY_HOME/bin64/$1" "@$work/$2" </dev/null >"$work/$2.out" 2>&1 3>&- 9>&-
}

# Asks the local server who it is: sets `role`, `read_only` and `log_name`, in lower case but for the last.
ask_role() {
  local answered out
  write_arguments role -nogui -c "\"$connection\"" \
    "\"SELECT 'mobilink-ha-role=' || COALESCE(DB_PROPERTY('MirrorRole'),'none') || ',read-only=' || COALESCE(DB_PROPERTY('ReadOnly'),'none') || ',log=' || COALESCE(DB_PROPERTY('LogName'),'none') || ';'\""
  ask dbisql role
  answered=$?
  # As it was printed: a password that is part of a role's name would be masked out of it.
  out=$(tail -c 2000 -- "$work/role.out" 2>/dev/null)
  if ((answered != 0)) || [[ ! $out =~ mobilink-ha-role=([A-Za-z]*),read-only=([A-Za-z]*),log=([^\;]*)\; ]]; then return 1; fi
  role=${BASH_REMATCH[1],,}
  read_only=${BASH_REMATCH[2],,}
  log_name=${BASH_REMATCH[3]}
}
