# A partner's part of the bootstrap: birth, return, copy, restore. Sourced by bootstrap-host.sh. docs/decisions/0007 says why it is so.
# shellcheck disable=SC2154,SC2034,SC2153 # settings come from, and go to, the files that are sourced
# shellcheck disable=SC2015 # what stands behind || ends the script

# shellcheck source=/dev/null
. "$SCRIPTS/database-birth.sh"

copy_from_primary() {
  put_aside
  administrator
  say 'waiting for a primary to copy from'
  wait_for_primary
  say 'copying the database from the primary'
  until tool 86400 dbbackup "$(arguments dbbackup -y -c "$(primary_connection)" "$folder")"; do
    say 'the copy broke off, once more'
    put_aside
    wait_for_primary
  done
  if [[ ! -f $database ]]; then die "the copy holds no $conf_DATABASE.db"; fi
  finish "$generation" 'copied from the primary'
}

wait_for_primary() {
  SECONDS=0
  until tool 30 dbping "$(arguments dbping -d -c "$(primary_connection)")" >/dev/null 2>&1; do
    if ((SECONDS > IN_ROLE_AFTER)); then die "no primary to copy from after $IN_ROLE_AFTER seconds"; fi
    sleep "${PAUSE:-5}"
  done
}

give_birth() {
  if is_complete; then
    # Only a record that somebody deleted looks like this.
    if [[ $(own_generation) != 1 ]]; then
      die "$conf_BIRTH_PARAMETER is gone, but a database of generation $(own_generation) is here: write generation=$(own_generation);backup=none into it"
    fi
  else
    administrator
    if tool 30 dbping "$(arguments dbping -d -c "$(primary_connection)")" >/dev/null 2>&1; then
      die "$conf_BIRTH_PARAMETER is gone, but a primary answers: write the generation of its volume into it; nothing was created"
    fi
    create_database
  fi
  start_server
  define_database
  in_role ';role=primary;.*arbiter=connected;'
  aws ssm put-parameter --name "$conf_BIRTH_PARAMETER" --type String --value 'generation=1;backup=none' >/dev/null 2>"$RUN/aws-$$.err" ||
    grep -q ParameterAlreadyExists "$RUN/aws-$$.err" || die "$conf_BIRTH_PARAMETER: cannot be written: $(tail -n 1 "$RUN/aws-$$.err")"
  say 'the pair is born'
}

# The restore is over when both partners have it: from now on a lost volume is filled from the primary again.
finish_restore() {
  in_role ';role=primary;state=synchronized;|;role=mirror;'
  aws ssm put-parameter --name "$conf_BIRTH_PARAMETER" --type String --value "generation=$generation;backup=none" --overwrite >/dev/null ||
    die "$conf_BIRTH_PARAMETER: cannot be written"
  say "generation $generation is complete"
}

learn_birth
if ((generation == 0)) && [[ $conf_ROLE == first ]]; then
  give_birth
else
  SECONDS=0
  while ((generation == 0)); do
    if ((SECONDS > IN_ROLE_AFTER)); then die "the first partner has not given birth after $IN_ROLE_AFTER seconds"; fi
    sleep "${PAUSE:-5}"
    learn_birth
  done
  if is_complete && [[ $(own_generation) == "$generation" ]]; then
    say 'the database is here'
  elif [[ $backup != none ]]; then
    restore
  else
    copy_from_primary
  fi
  start_server
  if [[ $conf_ROLE == first && $backup != none ]]; then finish_restore; else in_role ';role=(primary|mirror);'; fi
fi
