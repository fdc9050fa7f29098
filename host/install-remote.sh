#!/bin/bash
# Installs and updates what a host of a remote needs: bash install-remote.sh FOLDER, with the new scripts in FOLDER. Run by Systems
# Manager as root, again and again; its parameters come as base64 in SSM_Configuration, SSM_Registry, SSM_Schedules, SSM_Definition.
# Everything is checked before anything is written. docs/hosts.md says what the owner of a host provides.
# shellcheck disable=SC2154,SC2034 # settings come from, and go to, remote-configuration.sh
# shellcheck disable=SC2015 # what stands behind || ends the script
set -u
umask 077
unset BASH_ENV ENV CDPATH LD_LIBRARY_PATH
incoming=${1:?the folder with the scripts}
ROOT=${MOBILINK_HA_ROOT:-}
MOBILINK_HA_CONFIG=$ROOT/etc/mobilink-ha/remote.conf
export LC_ALL=C PATH=${MOBILINK_HA_PATH:+$MOBILINK_HA_PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# shellcheck source=/dev/null
. "$incoming/remote-configuration.sh"

SCRIPTS=$ROOT/opt/mobilink-ha SETTINGS=$ROOT/etc/mobilink-ha UNITS=$ROOT/etc/systemd/system
PAIR=$SETTINGS/pair.conf
# Ours keep these beside the folders of the pair.
OWN_STATE=$ROOT/var/lib/mobilink-ha/sync OWN_LOGS=$ROOT/var/log/mobilink-ha/sync
trap 'rm -rf -- "$incoming"' EXIT

say() {
  printf '%s install-remote: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1"
}

die() {
  say "failed: $1"
  exit 1
}

# --- parameters: checked, then used --------------------------------------------------------------------------------------------

# shellcheck disable=SC2034 # looked up by name
declare -A DEFINITION_PATTERNS=(
  [REMOTE_SECRET]='^arn:[A-Za-z0-9:/_+=.@-]{1,300}$'
  [DELETE_OLD_LOGS_DAYS]='^[1-9][0-9]{0,3}$'
  [SQL]='^[1-9][0-9]{0,3} [0-9a-f]{64} s3://[A-Za-z0-9._-]{3,63}/[A-Za-z0-9._/-]{1,1024}$'
  [EVENT]='^CREATE OR REPLACE EVENT "mobilink_ha_sync_[a-z0-9_]{1,64}" [A-Za-z0-9 ":'"'"';(),./_-]{1,1000} END$'
)
definition_REMOTE_SECRET='' definition_DELETE_OLD_LOGS_DAYS=''
versions=() events=()

decode() {
  if ! printf '%s' "$1" | base64 -d >"$incoming/$2"; then problem "$2: is no base64"; fi
}

read_definition() {
  local line key value
  while IFS= read -r line; do
    key=${line%%=*}
    value=${line#*=}
    if [[ $line != *=* || ! $key =~ ^[A-Z_]+$ || -z ${DEFINITION_PATTERNS[$key]:-} ]]; then
      problem 'definition: no such setting'
    elif [[ ! $value =~ ${DEFINITION_PATTERNS[$key]} ]]; then
      problem "definition: $key must match ${DEFINITION_PATTERNS[$key]}"
    else
      case $key in
        SQL) versions+=("$value") ;;
        EVENT) events+=("$value") ;;
        *) printf -v "definition_$key" '%s' "$value" ;;
      esac
    fi
  done <"$incoming/definition"
}

read_schedules() {
  local line
  while IFS= read -r line; do
    if ! read_schedule "$line"; then problem "schedules: ${schedule[name]:-a schedule}: $wrong"; fi
  done <"$incoming/schedules"
}

# --- writing -------------------------------------------------------------------------------------------------------------------

# put FILE MODE OWNER: from standard input; whole, and only if it is new. Sets `changed`.
put() {
  local text
  text=$(cat && printf x)
  text=${text%x}
  if [[ -f $1 && ! -L $1 && $(cat -- "$1" && printf x) == "${text}x" ]]; then
    chmod "$2" -- "$1" && chown -- "$3" "$1" || die "$1: cannot be changed"
    return
  fi
  rm -f -- "$1.new"
  printf '%s' "$text" >"$1.new" && chmod "$2" -- "$1.new" && chown -- "$3" "$1.new" && mv -fT -- "$1.new" "$1" || die "$1: cannot be written"
  changed=yes
  say "$1 is new"
}

folder_of_user() {
  if [[ -d $1 && ! -L $1 ]]; then return; fi
  (umask 022 && mkdir -p -- "${1%/*}") && mkdir -m 0700 -- "$1" && chown -- "$conf_OS_USER:" "$1" || die "$1: cannot be made"
}

put_scripts() {
  local name
  (umask 022 && mkdir -p -- "$SCRIPTS" "$SETTINGS" "$UNITS") || die "$SCRIPTS: cannot be made"
  for name in remote-configuration sync-remote sync-due exchange-with-registry; do
    put "$SCRIPTS/$name.sh" 0755 "$me" <"$incoming/$name.sh"
  done
}

# Secrets are read on a host of ours alone, by what its pair's scripts know: sets `username` and `password`.
pair_secret() {
  local said
  said=$(
    MOBILINK_HA_ROOT=$ROOT
    # shellcheck source=/dev/null
    . "$SCRIPTS/pair-configuration.sh"
    # shellcheck source=/dev/null
    . "$SCRIPTS/local-server.sh"
    read_pair_configuration
    arn=$1
    if [[ $arn != arn:* ]]; then arn=conf_$arn arn=${!arn}; fi
    secret "$arn"
    # It is put into statements, and into connection strings.
    if [[ -z $username ]]; then die "$arn: a username of 1 to 128 letters, digits, dots, hyphens, underscores and @ is needed"; fi
    printf '%s %s' "$username" "$password"
  ) || die "a secret cannot be read"
  username=${said%% *}
  password=${said#* }
}

pair_setting() {
  local line
  line=$(grep -m 1 "^$1=" -- "$PAIR") || die "$PAIR: $1 is missing"
  printf '%s' "${line#*=}"
}

put_own_configuration() {
  local mirrored=yes
  if [[ $(pair_setting ROLE) == single ]]; then mirrored=no; fi
  conf_OS_USER=sqlany conf_SQLANY_HOME=/opt/sqlanywhere17
  if grep -q '^OS_USER=' -- "$PAIR"; then conf_OS_USER=$(pair_setting OS_USER); fi
  if grep -q '^SQLANY_HOME=' -- "$PAIR"; then conf_SQLANY_HOME=$(pair_setting SQLANY_HOME); fi
  folder_of_user "$OWN_STATE"
  folder_of_user "$OWN_LOGS"
  {
    cat -- "$incoming/configuration"
    printf '%s=%s\n' SERVER "$(pair_setting SERVER)" DATABASE "$(pair_setting DATABASE)" PORT "$(pair_setting PORT)" MIRRORED "$mirrored" \
      OS_USER "$conf_OS_USER" SQLANY_HOME "$ROOT$conf_SQLANY_HOME" LOG_FOLDER "$ROOT/var/lib/mobilink-ha/data/db" \
      CREDENTIALS "$SETTINGS/credentials" STATE_FOLDER "$OWN_STATE" SYNC_LOGS "$OWN_LOGS"
  } | put "$CONFIG" 0644 "$me"
  pair_secret MOBILINK_SECRET
  local sync_user=$username sync_password=$password
  pair_secret "$definition_REMOTE_SECRET"
  mobilink_user=$username
  printf 'USER=%s\nPASSWORD=%s\nMOBILINK_PASSWORD=%s\n' "$sync_user" "$sync_password" "$password" |
    put "$SETTINGS/credentials" 0600 "$conf_OS_USER:"
  pair_secret DBA_SECRET
  printf 'USER=%s\nPASSWORD=%s\n' "$username" "$password" | (put "$incoming/administrator" 0600 "$conf_OS_USER:" >/dev/null) || exit 1
  printf '%s' "$sync_user" >"$incoming/sync-user"
  printf '%s' "$mobilink_user" >"$incoming/mobilink-user"
}

put_units() {
  local unit=$UNITS/mobilink-ha-exchange
  changed=''
  put "$unit.service" 0644 "$me" <<END
[Unit]
Description=Exchange with the registry of MobiLink remotes
[Service]
Type=oneshot
ExecStart=/bin/bash $SCRIPTS/exchange-with-registry.sh
END
  put "$unit.timer" 0644 "$me" <<END
[Unit]
Description=Exchange with the registry of MobiLink remotes
[Timer]
OnCalendar=*:*:30
RandomizedDelaySec=20
AccuracySec=1s
[Install]
WantedBy=timers.target
END
  if [[ -n $changed ]]; then systemctl daemon-reload || die 'systemd does not read its units'; fi
  systemctl enable --now mobilink-ha-exchange.timer >/dev/null 2>&1 || die 'the exchange with the registry cannot be scheduled'
}

put_schedules() {
  if [[ -s $incoming/schedules ]]; then
    put "$SETTINGS/schedules.conf" 0644 "$me" <"$incoming/schedules"
  else
    rm -f -- "$SETTINGS/schedules.conf"
  fi
  if [[ -s $incoming/registry ]]; then
    put "$SETTINGS/registry.conf" 0644 "$me" <"$incoming/registry"
    put_units
  elif [[ -e $SETTINGS/registry.conf ]]; then
    systemctl disable --now mobilink-ha-exchange.timer >/dev/null 2>&1 || say 'the exchange with the registry cannot be stopped'
    rm -f -- "$SETTINGS/registry.conf"
  fi
  {
    for event in ${events[@]+"${events[@]}"}; do printf '%s\ngo\n' "$event"; done
  } | put "$SETTINGS/sync-events.sql" 0644 "$me"
}

# Fetched by root, whose role may; applied by the database's user.
fetch_versions() {
  local entry number sum url
  AWS_DEFAULT_REGION=$(pair_setting REGION) || exit 1
  export AWS_DEFAULT_REGION AWS_RETRY_MODE=standard AWS_MAX_ATTEMPTS=5
  for entry in ${versions[@]+"${versions[@]}"}; do
    read -r number sum url <<<"$entry"
    aws s3 cp --only-show-errors "$url" "$incoming/sql-$number" || die "$url: cannot be read"
    if [[ $(sha256sum <"$incoming/sql-$number") != "$sum  -" ]]; then die "$url: is not what was deployed"; fi
    printf '%s %s\n' "$number" "$sum" >>"$incoming/versions"
  done
}

define() {
  printf '%s\n' "$definition_DELETE_OLD_LOGS_DAYS" >"$incoming/log-days"
  touch -- "$incoming/versions"
  chown -R -- "$conf_OS_USER:" "$incoming" || die "$incoming: cannot be given to $conf_OS_USER"
  local as=(runuser -u "$conf_OS_USER" --)
  if [[ $(id -un) == "$conf_OS_USER" ]]; then as=(); fi
  ${as[@]+"${as[@]}"} env -i "MOBILINK_HA_CONFIG=$CONFIG" /bin/bash --norc "$incoming/define-remote.sh" "$incoming"
}

me=$(id -un):
decode "${SSM_Configuration:-}" configuration
decode "${SSM_Registry:-}" registry
decode "${SSM_Schedules:-}" schedules
decode "${SSM_Definition:-}" definition
if [[ -s $incoming/configuration ]]; then
  ours=yes
  if [[ ! -f $PAIR ]]; then problem "$PAIR: not there; this host was not made by a SqlAnywherePair or SqlAnywhereServer"; fi
  read_settings "$incoming/configuration" new_ PATTERNS
else
  ours=''
  if [[ ! -f $CONFIG ]]; then
    problem "$CONFIG: not there; the owner of this host writes it, see docs/hosts.md"
  else
    check_configuration
    if [[ -n ${conf_OS_USER:-} ]] && ! id -u -- "$conf_OS_USER" >/dev/null 2>&1; then problem "$CONFIG: there is no user $conf_OS_USER"; fi
  fi
fi
read_settings "$incoming/registry" registry_ REGISTRY_PATTERNS
read_schedules
read_definition
if [[ -n $ours && -z $definition_REMOTE_SECRET ]]; then problem 'definition: REMOTE_SECRET is missing'; fi
if [[ -n $problems ]]; then die "nothing was changed: $problems"; fi

changed=''
put_scripts
if [[ -n $ours ]]; then
  put_own_configuration
  fetch_versions
else
  folder_of_user "$conf_STATE_FOLDER"
  folder_of_user "$conf_SYNC_LOGS"
fi
put_schedules
if [[ -n $ours ]]; then
  define || exit 1
elif [[ -n ${conf_ADMIN_CREDENTIALS:-} ]]; then
  (read_credentials "$conf_ADMIN_CREDENTIALS" && [[ -z $problems ]]) || die "$conf_ADMIN_CREDENTIALS: cannot be used"
  cp -- "$conf_ADMIN_CREDENTIALS" "$incoming/administrator"
  define || exit 1
elif ((${#events[@]} > 0)); then
  say "$CONFIG has no ADMIN_CREDENTIALS: syncs start inside once an administrator has run $SETTINGS/sync-events.sql in the database"
fi
say 'done'
