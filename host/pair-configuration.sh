# The configuration of a host of a mirrored pair, or of a single server: read, never executed. Sourced by the scripts of such a host.
#
# MOBILINK_HA_ROOT stands before every path of the host; it is empty but in tests.
# shellcheck disable=SC2154,SC2034,SC2153 # settings come from, and go to, the files that are sourced
# shellcheck disable=SC2015 # what stands behind || ends the script

set -u
umask 077
# The library path is SQL Anywhere's when its server started this script; the AWS CLI brings its own.
unset BASH_ENV ENV CDPATH LD_LIBRARY_PATH
# Since bash 5.2 a backslash in a replacement would vanish: a literal of SQL would be another.
shopt -u patsub_replacement 2>/dev/null
ROOT=${MOBILINK_HA_ROOT:-}
export LC_ALL=C PATH=${MOBILINK_HA_PATH:+$MOBILINK_HA_PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

CONFIG=$ROOT/etc/mobilink-ha/pair.conf
SQL=$ROOT/etc/mobilink-ha/pair.sql
SCRIPTS=$ROOT/opt/mobilink-ha
DATA=$ROOT/var/lib/mobilink-ha/data
STATE=$ROOT/var/lib/mobilink-ha/state
LOGS=$ROOT/var/log/mobilink-ha
RUN=$ROOT/run/mobilink-ha
UNITS=$ROOT/etc/systemd/system
export SCRIPTS DATA STATE LOGS RUN UNITS SQL

say() {
  printf '%s %s: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "${0##*/}" "$*" >&2
}

die() {
  say "failed: $*"
  exit 1
}

NAME='[A-Za-z0-9][A-Za-z0-9._-]{0,254}'
declare -A PAIR_PATTERNS=(
  [ROLE]='^(first|second|arbiter|single)$'
  [DATABASE]='^[A-Za-z][A-Za-z0-9_]{0,63}$'
  [SERVER]='^[A-Za-z][A-Za-z0-9_]{0,79}$'
  [PARTNER_SERVER]='^[A-Za-z][A-Za-z0-9_]{0,79}$'
  [ZONE_ID]='^[A-Z0-9]{1,64}$'
  [RECORD]="^$NAME\$"
  [FIRST_HOST]="^$NAME\$"
  [SECOND_HOST]="^$NAME\$"
  [ARBITER_HOST]="^$NAME\$"
  [PORT]='^[1-9][0-9]{3,4}$'
  [ROLE_PORT]='^[1-9][0-9]{3,4}$'
  [REGION]='^[a-z]{2}(-[a-z]+)+-[0-9]$'
  [SYSTEM]='^[A-Za-z0-9-]{1,64}$'
  [BIRTH_PARAMETER]='^/[A-Za-z0-9/_.-]{1,200}$'
  [DBA_SECRET]='^arn:[A-Za-z0-9:/_+=.@-]{1,300}$'
  [MOBILINK_SECRET]='^arn:[A-Za-z0-9:/_+=.@-]{1,300}$'
  [AUTHENTICATION_SECRET]='^arn:[A-Za-z0-9:/_+=.@-]{1,300}$'
  [UTILITY_SECRET]='^arn:[A-Za-z0-9:/_+=.@-]{1,300}$'
  [WATCH_SECRET]='^arn:[A-Za-z0-9:/_+=.@-]{1,300}$'
  [INSTALLER]='^s3://[A-Za-z0-9._-]{3,63}/[^[:space:]]{1,1024}$'
  [DATA_VOLUME]='^vol-[0-9a-f]{8,17}$'
  [STATE_VOLUME]='^vol-[0-9a-f]{8,17}$'
  [STACK]='^[A-Za-z][A-Za-z0-9-]{0,127}$'
  [LOGICAL_ID]='^[A-Za-z0-9]{1,255}$'
  [BACKUP_URL]='^s3://[A-Za-z0-9._-]{3,63}/[A-Za-z0-9._/-]{1,200}$'
  [BACKUP_HOUR]='^([0-9]|1[0-9]|2[0-3])$'
  [LOG_DAYS]='^[1-9][0-9]{0,3}$'
  [HOLDS_REMOTE]='^yes$'
  [INIT_ARGUMENTS]='^[A-Za-z0-9_.,:=%/ +-]{1,2000}$'
  [DATABASE_OPTIONS]='^[A-Za-z0-9_.,:=%/ +-]{1,2000}$'
  [LOG_GROUP]='^[A-Za-z0-9_./#-]{1,512}$'
  [OS_USER]='^[a-z_][a-z0-9_-]{0,31}$'
  [SQLANY_HOME]='^/[A-Za-z0-9_./-]{1,200}$'
)
OF_ALL='ROLE DATABASE SERVER ZONE_ID RECORD PORT REGION SYSTEM BIRTH_PARAMETER UTILITY_SECRET STACK LOGICAL_ID LOG_GROUP'
OF_MIRROR='FIRST_HOST SECOND_HOST ARBITER_HOST AUTHENTICATION_SECRET STATE_VOLUME'
OF_DATA='ROLE_PORT DBA_SECRET MOBILINK_SECRET WATCH_SECRET DATA_VOLUME BACKUP_URL BACKUP_HOUR'

conf_OS_USER=sqlany conf_SQLANY_HOME=/opt/sqlanywhere17
conf_INSTALLER='' conf_INIT_ARGUMENTS='' conf_DATABASE_OPTIONS='' conf_ROLE='' conf_REGION='' conf_HOLDS_REMOTE=''

# Sets conf_KEY for each line KEY=VALUE, or ends with everything that is wrong.
read_pair_configuration() {
  local line key value number=0 problems=''
  local -A seen=()
  if [[ ! -f $CONFIG ]]; then die "$CONFIG: not there"; fi
  while IFS= read -r line || [[ -n $line ]]; do
    number=$((number + 1))
    if [[ $line =~ ^[[:space:]]*(#|$) ]]; then continue; fi
    key=${line%%=*}
    value=${line#*=}
    if [[ $line != *=* || ! $key =~ ^[A-Z_]+$ || -z ${PAIR_PATTERNS[$key]:-} ]]; then
      problems+="; line $number: no such setting"
    elif [[ -n ${seen[$key]:-} ]]; then
      problems+="; line $number: $key stands there twice"
    elif [[ ! $value =~ ${PAIR_PATTERNS[$key]} ]]; then
      problems+="; line $number: $key must match ${PAIR_PATTERNS[$key]}"
      seen[$key]=wrong
    else
      printf -v "conf_$key" '%s' "$value"
      seen[$key]=yes
    fi
  done <"$CONFIG"
  local needed=$OF_ALL
  if [[ $conf_ROLE != single ]]; then needed+=" $OF_MIRROR"; fi
  if [[ $conf_ROLE != arbiter ]]; then needed+=" $OF_DATA"; fi
  if [[ $conf_ROLE == first || $conf_ROLE == second ]]; then needed+=' PARTNER_SERVER'; fi
  # Of a remote the database deletes its old logs itself, after they were synchronized.
  if [[ $conf_ROLE != arbiter && $conf_HOLDS_REMOTE != yes ]]; then needed+=' LOG_DAYS'; fi
  for key in $needed; do
    if [[ -z ${seen[$key]:-} ]]; then problems+="; $key is missing"; fi
  done
  if [[ -n $problems ]]; then die "$CONFIG: ${problems#; }"; fi
  SQLANY_HOME=$ROOT$conf_SQLANY_HOME
  export AWS_DEFAULT_REGION=$conf_REGION AWS_RETRY_MODE=standard AWS_MAX_ATTEMPTS=5
}

# as_database_user COMMAND...: SAP's tools and files belong to one user, whoever starts a script.
as_database_user() {
  if [[ $(id -un) == "$conf_OS_USER" ]]; then
    "$@"
  else
    runuser -u "$conf_OS_USER" -- "$@"
  fi
}

# own PATH...: gives what root made to the database's user.
own() {
  if [[ $(id -un) != "$conf_OS_USER" ]]; then chown -R -- "$conf_OS_USER:" "$@" || die "$*: cannot be given to $conf_OS_USER"; fi
}
