#!/bin/bash
# Tells the registry what became of syncs that the database started, and learns whether this remote is paused. Started each minute by a
# timer, as root, who alone has the identity by which AWS knows this host. While AWS is away everything stays as it is.
# shellcheck disable=SC2154 # settings come from remote-configuration.sh
set -u
umask 077
unset BASH_ENV ENV CDPATH LD_LIBRARY_PATH
export LC_ALL=C PATH=${MOBILINK_HA_PATH:+$MOBILINK_HA_PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# shellcheck source=/dev/null
. "${0%/*}/remote-configuration.sh"

# Root's own: nobody else writes there.
FOLDER=${CONFIG%/*}
# A timer that comes each minute and ends within it.
MOST_A_MINUTE=50 MOST_WAITING=5000 ASK_EVERY=300

say() {
  printf '%s exchange: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" >&2
}

# Never longer than a part of the minute: the network may swallow everything.
call() {
  timeout -k 2 "${MOBILINK_HA_CALL_SECONDS:-10}" aws "$@" 2>&1
}

# The folder of outcomes belongs to the database's user, who could lead root anywhere by a link: it is touched as that user only.
as_database_user() {
  if [[ $(id -un) == "$conf_OS_USER" ]]; then
    "$@"
  else
    runuser -u "$conf_OS_USER" -- "$@"
  fi
}

send_outcomes() {
  local folder=$conf_STATE_FOLDER/outcomes names given_up sent=0 said name
  mapfile -t names < <(as_database_user find "$folder" -maxdepth 1 -type f -name '[0-9]*.json' -printf '%f\n' 2>/dev/null | sort)
  if ((${#names[@]} > MOST_WAITING)); then
    say "more than $MOST_WAITING outcomes wait; the $((${#names[@]} - MOST_WAITING)) oldest are given up, ${names[0]} first"
    given_up=("${names[@]:0:${#names[@]}-MOST_WAITING}")
    as_database_user rm -f -- "${given_up[@]/#/$folder/}"
    names=("${names[@]:${#names[@]}-MOST_WAITING}")
  fi
  for name in ${names[@]+"${names[@]:0:MOST_A_MINUTE}"}; do
    as_database_user head -c 4000 -- "$folder/$name" >"$work/outcome"
    # As a file: what stands there is no part of a command.
    if ! said=$(call sqs send-message --queue-url "$registry_OUTCOME_QUEUE" --message-body "file://$work/outcome"); then
      say "$((${#names[@]} - sent)) outcomes wait: $(tail -n 1 <<<"$said")"
      return
    fi
    # Killed before this, it is told twice, which does no harm.
    as_database_user rm -f -- "$folder/$name"
    sent=$((sent + 1))
  done
  if ((sent > 0)); then say "$sent outcomes told"; fi
}

shard_of() {
  local hash
  hash=$(printf '%s' "$1" | sha256sum)
  printf '%s' "$((16#${hash:0:8} % registry_SHARDS))"
}

key() {
  printf '{"groupShard":{"S":"%s"},"remoteName":{"S":"%s"}}' "$1" "$2"
}

learn_pause() {
  local group=${conf_REMOTE%%/*} name=${conf_REMOTE#*/} asked said now
  asked=$(cat -- "$FOLDER/asked" 2>/dev/null)
  now=$(date +%s)
  if [[ $asked =~ ^[0-9]+$ ]] && ((now >= asked && now - asked < ASK_EVERY)); then return; fi
  # The answers hold nothing but what was asked for.
  if ! said=$(call dynamodb batch-get-item --output json --request-items \
    "{\"$registry_TABLE\":{\"ProjectionExpression\":\"paused\",\"Keys\":[$(key "$group#$(shard_of "$name")" "$name"),$(key '#paused' "$group"),$(key '#paused' '*')]}}"); then
    say "nobody tells whether this remote is paused; it stays as it is: $(tail -n 1 <<<"$said")"
    return
  fi
  if [[ $said =~ \"UnprocessedKeys\"[[:space:]]*:[[:space:]]*\{[[:space:]]*\" ]]; then return; fi
  if [[ $said =~ \"BOOL\"[[:space:]]*:[[:space:]]*true ]]; then
    if [[ ! -e $FOLDER/paused ]]; then
      say 'paused'
      printf 'by the registry, %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$FOLDER/paused"
      # The database's user looks for it.
      chmod 0644 -- "$FOLDER/paused"
    fi
  elif [[ -e $FOLDER/paused ]]; then
    say 'no longer paused'
    rm -f -- "$FOLDER/paused"
  fi
  printf '%s\n' "$now" >"$FOLDER/asked.new" && mv -f -- "$FOLDER/asked.new" "$FOLDER/asked"
}

check_configuration
if [[ -f $FOLDER/registry.conf ]]; then
  read_settings "$FOLDER/registry.conf" registry_ REGISTRY_PATTERNS
else
  problem "$FOLDER/registry.conf: not there"
fi
for name in REGION TABLE SHARDS OUTCOME_QUEUE; do
  setting=registry_$name
  if [[ -z ${!setting} ]]; then problem "registry.conf: $name is missing"; fi
done
if [[ -n $problems ]]; then exit 1; fi
if [[ ! -d $conf_STATE_FOLDER ]]; then exit 0; fi
export AWS_DEFAULT_REGION=$registry_REGION AWS_RETRY_MODE=standard AWS_MAX_ATTEMPTS=2
if ! command -v aws >/dev/null; then
  say 'version 2 of the AWS CLI is missing: outcomes stay on this host'
  exit 1
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf -- "$work"' EXIT
exec 8>>"$FOLDER/exchange.lock"
if ! flock -n 8; then exit 0; fi
send_outcomes
learn_pause
