#!/bin/bash
# Backs the database up, on the primary only: dbbackup, dbvalid on the copy, archive and checksum to S3, the manifest last, so that a
# folder without one is no backup. Then old offline logs go, and the active log is renamed. Started once a day by a timer.
# shellcheck disable=SC2154,SC2034,SC2153 # settings come from, and go to, the files that are sourced
# shellcheck disable=SC2015 # what stands behind || ends the script
# shellcheck source=/dev/null
. "${0%/*}/pair-configuration.sh"
# shellcheck source=/dev/null
. "${0%/*}/local-server.sh"

COMPLETE=';role=primary;state=synchronized;partner=connected;arbiter=connected;'
work=$DATA/backup

copy_and_validate() {
  rm -rf -- "$work"
  mkdir -p -- "$work/copy" || die "$work: cannot be made"
  own "$work"
  administrator
  tool 86400 dbbackup "$(arguments back-up -y -c "$(local_connection)" "$work/copy")" || die 'dbbackup failed'
  tar -czf "$work/database.tar.gz" -C "$work/copy" . || die "$work: the archive cannot be written"
  # After the archive was made: a database that is validated is opened, and may be changed by that.
  tool 86400 dbvalid "$(arguments valid -c "DBF=$work/copy/$conf_DATABASE.db;$login")" || die 'the copy is not valid; it is no backup'
}

upload() {
  local sum folder
  folder=$conf_BACKUP_URL/$(date -u +%Y%m%dT%H%M%SZ)
  sum=$(sha256sum <"$work/database.tar.gz") || die "$work: the archive cannot be read"
  printf '%s database.tar.gz\n' "${sum%% *}" >"$work/manifest"
  aws s3 cp --only-show-errors "$work/database.tar.gz" "$folder/database.tar.gz" || die "$folder: cannot be written"
  aws s3 cp --only-show-errors "$work/manifest" "$folder/manifest" || die "$folder: cannot be written"
  say "backed up to $folder"
}

# A mirror that was away catches up from these logs, and remotes may have to send again from the time of a backup. The mirror deletes its
# own at the next rename, when it is told the oldest that is left here (facts §4.9).
delete_old_logs() {
  local line
  # Of a remote the database deletes its logs itself, when what they hold was synchronized.
  if [[ $conf_HOLDS_REMOTE == yes ]]; then return; fi
  line=$(role_line) || die 'the local server does not answer any more'
  if [[ $line != *"$COMPLETE"* ]]; then
    say "old logs are kept while the pair is not complete: $line"
    return
  fi
  find "$DATA/db" -maxdepth 1 -type f -iname '[0-9]*.log' -mtime "+$conf_LOG_DAYS" -print -delete >&2
}

rename_log() {
  tool 3600 dbbackup "$(arguments rename -y -t -r -c "$(local_connection)" "$work/log")" || die 'the log cannot be renamed'
}

read_pair_configuration
if [[ $conf_ROLE == arbiter ]]; then die 'the arbiter has no database'; fi
exec 9>>"$RUN/back-up.lock"
if ! flock -n 9; then die 'another backup is under way'; fi
line=$(role_line) || die 'the local server does not answer'
serves=';role=primary;'
# A single server has no role.
if [[ $conf_ROLE == single ]]; then serves=';role=none;' COMPLETE=';role=none;'; fi
if [[ $line != *"$serves"* ]]; then
  say "not the primary: $line"
  exit 0
fi
trap 'rm -rf -- "$work" "$RUN"/*-$$.*' EXIT
copy_and_validate
upload
delete_old_logs
rename_log
