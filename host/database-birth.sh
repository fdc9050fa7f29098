# Birth, restore and start of the database on a host that holds data. Sourced by bootstrap-partner.sh and bootstrap-single.sh.
# docs/decisions/0007 says why it is so.
#
# What stands on the data volume: db/ with the database, its active and all offline logs; `complete` and `generation`, written when
# db/ is whole, in this order; aside/ with everything that was ever in the way. Nothing is deleted.
# shellcheck disable=SC2154,SC2034,SC2153 # settings come from, and go to, the files that are sourced
# shellcheck disable=SC2015 # what stands behind || ends the script

folder=$DATA/db
database=$folder/$conf_DATABASE.db
state_file=$STATE/$conf_SERVER.state
IN_ROLE_AFTER=${IN_ROLE_AFTER:-7200}

is_complete() {
  [[ -f $DATA/complete && -f $database ]]
}

own_generation() {
  if [[ -f $DATA/generation ]]; then cat "$DATA/generation"; else printf 0; fi
}

# write FILE TEXT: whole or not at all.
write() {
  printf '%s\n' "$2" >"$1.new" && mv -f -- "$1.new" "$1" || die "$1: cannot be written"
  own "$1"
}

# Whatever stands where a database is about to come; what one of these scripts did not finish is begun anew.
put_aside() {
  local aside file
  aside=$DATA/aside/$(date -u +%Y%m%dT%H%M%SZ)-$$
  systemctl stop mobilink-ha-database.service || die 'the server does not stop'
  if [[ -f $DATA/complete ]]; then
    # In this order: a stop in between must not make a whole database look like an unfinished one.
    rm -f -- "$DATA/unfinished" && rm -f -- "$DATA/complete" || die "$DATA: cannot be written"
  fi
  if [[ -f $DATA/unfinished ]]; then rm -rf -- "$folder"; fi
  for file in "$folder" "$DATA/generation" "$state_file"; do
    if [[ -e $file ]] && { [[ ! -d $file ]] || [[ -n $(ls -A -- "$file") ]]; }; then
      mkdir -p -- "$aside" || die "$aside: cannot be made"
      # The state file lies on another volume: copied first, so that a stop in between leaves it where it was.
      if [[ $file == "$state_file" ]]; then
        cp -p -- "$file" "$aside/" && rm -f -- "$file" || die "$file: cannot be put aside"
      else
        mv -- "$file" "$aside/" || die "$file: cannot be put aside"
      fi
      say "$file was put aside in $aside"
    fi
  done
  write "$DATA/unfinished" 'what stands in db/ is not whole yet'
  mkdir -p -- "$folder" && chmod 0700 -- "$folder" || die "$folder: cannot be made"
  own "$DATA"
}

create_database() {
  local init=()
  put_aside
  administrator
  read -r -a init <<<"$conf_INIT_ARGUMENTS"
  say 'creating the database: it was never born'
  tool 3600 dbinit "$(arguments dbinit -dba "$credentials" ${init[@]+"${init[@]}"} "$database")" || die 'dbinit failed'
  finish 1 'made by dbinit'
}

# finish GENERATION HOW: db/ is whole now.
finish() {
  write "$DATA/generation" "$1"
  write "$DATA/complete" "$2"
  rm -f -- "$DATA/unfinished"
}

# Both partners of a pair fetch the same backup; with identical files and no state the lower server name becomes primary (facts §4.1).
restore() {
  local source=${conf_BACKUP_URL%/*}/$backup work sum name
  put_aside
  work=$DATA/restoring
  rm -rf -- "$work"
  mkdir -p -- "$work" || die "$work: cannot be made"
  say "restoring $source"
  aws s3 cp --only-show-errors "$source/manifest" "$work/manifest" || die "$source: no manifest, so this is no whole backup"
  read -r sum name <"$work/manifest"
  if [[ ! $sum =~ ^[0-9a-f]{64}$ || $name != database.tar.gz ]]; then die "$source/manifest: is not what back-up.sh writes"; fi
  aws s3 cp --only-show-errors "$source/$name" "$work/$name" || die "$source/$name: cannot be read"
  if [[ $(sha256sum <"$work/$name") != "$sum  -" ]]; then die "$source/$name: is not what was backed up; nothing was started"; fi
  tar -xzf "$work/$name" -C "$folder" || die "$source/$name: cannot be unpacked"
  if [[ ! -f $database ]]; then die "$source/$name: holds no $conf_DATABASE.db"; fi
  rm -rf -- "$work"
  own "$DATA"
  finish "$generation" "restored from $source"
}

write_arguments_of_database() {
  local password more=() mirrored=()
  secret "$conf_UTILITY_SECRET"
  read -r -a more <<<"$conf_DATABASE_OPTIONS"
  if [[ $conf_ROLE != single ]]; then mirrored=(-xp on); fi
  arguments dbsrv -n "$conf_SERVER" -x "tcpip(port=$conf_PORT;dobroad=no)" -xs "http(port=$conf_ROLE_PORT)" -su "$password" \
    -o "$LOGS/dbsrv.log" ${more[@]+"${more[@]}"} "$database" ${mirrored[@]+"${mirrored[@]}"} >/dev/null
}

start_server() {
  if systemctl is-active --quiet mobilink-ha-database.service; then return; fi
  write_arguments_of_database
  systemctl start mobilink-ha-database.service || die 'the server cannot be started'
}

# Fills the secrets into the SQL and runs it. Each statement can be repeated.
define_database() {
  local password text authentication watcher
  administrator
  authentication=''
  if [[ $conf_ROLE != single ]]; then
    secret "$conf_AUTHENTICATION_SECRET"
    authentication=$(sql_literal "$password")
  fi
  secret "$conf_WATCH_SECRET"
  watcher=$(sql_literal "$password")
  secret "$conf_MOBILINK_SECRET"
  text=$(<"$SQL")
  text=${text//'{{AUTHENTICATION_STRING}}'/"$authentication"}
  text=${text//'{{WATCH_PASSWORD}}'/"$watcher"}
  text=${text//'{{MOBILINK_PASSWORD}}'/"$(sql_literal "$password")"}
  if [[ $text == *'{{'* ]]; then die "$SQL: a placeholder that nobody fills in"; fi
  printf '%s\n' "$text" >"$RUN/pair-$$.sql" || die "$RUN: cannot be written"
  own "$RUN/pair-$$.sql"
  say 'defining users, role service and mirror'
  SECONDS=0
  until tool 300 dbisql "$(arguments define -nogui -c "$(local_connection)" "$RUN/pair-$$.sql")"; do
    if ((SECONDS > 600)); then
      rm -f -- "$RUN/pair-$$.sql"
      die 'the database cannot be defined'
    fi
    sleep "${PAUSE:-5}"
  done
  rm -f -- "$RUN/pair-$$.sql"
}

# in_role PATTERN: waits until the local server's word holds it.
in_role() {
  local line=''
  SECONDS=0
  until line=$(role_line) && [[ $line =~ $1 ]]; do
    if ((SECONDS > IN_ROLE_AFTER)); then die "not in its role after $IN_ROLE_AFTER seconds: ${line:-no answer}"; fi
    sleep "${PAUSE:-5}"
  done
  say "$line"
}

learn_birth() {
  until read_birth; do
    say "Systems Manager does not tell whether the database was born: $(tail -n 1 "$RUN/aws-$$.err")"
    sleep "${PAUSE:-5}"
  done
}
