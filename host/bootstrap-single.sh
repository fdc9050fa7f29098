# The part of a single server in the bootstrap: birth, return, restore. Sourced by bootstrap-host.sh. docs/decisions/0007 says why it is so.
# shellcheck disable=SC2154,SC2034,SC2153 # settings come from, and go to, the files that are sourced
# shellcheck disable=SC2015 # what stands behind || ends the script
# shellcheck source=/dev/null
. "$SCRIPTS/database-birth.sh"

record_birth() {
  aws ssm put-parameter --name "$conf_BIRTH_PARAMETER" --type String --value "$1" "${@:2}" >/dev/null 2>"$RUN/aws-$$.err" ||
    grep -q ParameterAlreadyExists "$RUN/aws-$$.err" || die "$conf_BIRTH_PARAMETER: cannot be written: $(tail -n 1 "$RUN/aws-$$.err")"
}

learn_birth
if ((generation == 0)); then
  if ! is_complete; then
    create_database
  elif [[ $(own_generation) != 1 ]]; then
    # Only a record that somebody deleted looks like this.
    die "$conf_BIRTH_PARAMETER is gone, but a database of generation $(own_generation) is here: write generation=$(own_generation);backup=none into it"
  fi
  start_server
  define_database
  in_role ';role=none;'
  record_birth 'generation=1;backup=none'
  say 'the database is born'
else
  if is_complete && [[ $(own_generation) == "$generation" ]]; then
    say 'the database is here'
  elif [[ $backup != none ]]; then
    restore
  else
    die "the database of generation $generation is not on this volume, and there is no partner to copy it from: write generation=$((generation + 1));backup=FOLDER into $conf_BIRTH_PARAMETER to restore a backup; nothing was created"
  fi
  start_server
  in_role ';role=none;'
  if [[ $backup != none ]]; then record_birth "generation=$generation;backup=none" --overwrite; fi
fi
