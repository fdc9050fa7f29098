# What the scripts of a pair's host do with the database server on it: secrets, SAP's tools, roles. Sourced after
# pair-configuration.sh.
#
# Every tool reads its arguments from a file that only the database's user can read: nothing secret stands on a command line or in
# an environment.
# shellcheck disable=SC2154,SC2034,SC2153 # settings come from, and go to, the files that are sourced
# shellcheck disable=SC2015 # what stands behind || ends the script

# What may stand in a connection string, a file of arguments and a literal of SQL without being taken apart by one of them.
# At the start of a line of such a file # would be a comment, @ another file and - an option.
PASSWORD='^[A-Za-z0-9][]!#$%&()*+./:<=>?@A-Z[^_`a-z|~0-9-]{7,254}$'

# secret ARN: sets `password` (and `username`) from JSON {"username":"..","password":".."}; tries for a while, since a role can be
# younger than what it allows.
secret() {
  local arn=$1 json='' attempt
  for attempt in 1 2 3 4 5 6; do
    if json=$(aws secretsmanager get-secret-value --secret-id "$arn" --query SecretString --output text 2>"$RUN/aws-$$.err"); then break; fi
    json=''
    sleep "$((attempt * ${PAUSE:-2}))"
  done
  if [[ -z $json ]]; then die "$arn: cannot be read: $(tail -n 1 "$RUN/aws-$$.err")"; fi
  if [[ ! $json =~ \"password\"[[:space:]]*:[[:space:]]*\"([^\"\\]*)\" ]]; then die "$arn: is no JSON with a plain password"; fi
  password=${BASH_REMATCH[1]}
  username=''
  if [[ $json =~ \"username\"[[:space:]]*:[[:space:]]*\"([A-Za-z0-9_.@-]{1,128})\" ]]; then username=${BASH_REMATCH[1]}; fi
  if [[ ! $password =~ $PASSWORD ]]; then die "$arn: a password of 8 to 255 characters that begins with a letter or digit, without quotes, spaces, commas, semicolons, braces and backslashes is needed"; fi
}

# sql_literal TEXT: what stands between the quotes of a literal; a quote and a backslash are doubled.
sql_literal() {
  local text=$1 backslash=$'\\' quote="'"
  text=${text//"$backslash"/$backslash$backslash}
  printf '%s' "${text//"$quote"/$quote$quote}"
}

# Files of this process alone: several of these scripts can be at work at once.
trap 'rm -f -- "$RUN"/*-$$.*' EXIT

# arguments NAME LINE...: a file of arguments; prints its path. What holds spaces or semicolons is quoted.
arguments() {
  local file=$RUN/$1-$$.args line
  if [[ $1 == dbsrv ]]; then file=$RUN/dbsrv.args; fi
  shift
  : >"$file.new" && chmod 0600 "$file.new" || die "$file: cannot be written"
  for line in "$@"; do
    if [[ $line == *[[:space:]\;]* ]]; then printf '"%s"\n' "$line"; else printf '%s\n' "$line"; fi
  done >"$file.new" || die "$file: cannot be written"
  own "$file.new"
  mv -f -- "$file.new" "$file"
  printf '%s' "$file"
}

# administrator: sets `login` from the secret, once.
administrator() {
  local username password
  if [[ -n ${login:-} ]]; then return; fi
  secret "$conf_DBA_SECRET"
  if [[ -z $username ]]; then die "$conf_DBA_SECRET: no username"; fi
  login="UID=$username;PWD=$password"
  credentials="$username,$password"
}

# The connection to this host's own server, by its own name, never the alias.
local_connection() {
  printf 'SERVER=%s;DBN=%s;HOST=127.0.0.1:%s;%s' "$conf_SERVER" "$conf_DATABASE" "$conf_PORT" "$login"
}

# The connection to whichever partner is primary.
primary_connection() {
  printf 'SERVER=%s_primary;DBN=%s;HOST=%s:%s,%s:%s;%s' "$conf_DATABASE" "$conf_DATABASE" \
    "$conf_FIRST_HOST" "$conf_PORT" "$conf_SECOND_HOST" "$conf_PORT" "$login"
}

# tool SECONDS NAME FILE: runs one of SAP's tools with a file of arguments.
tool() {
  as_database_user env "LD_LIBRARY_PATH=$SQLANY_HOME/lib64" "SATMP=$RUN" timeout -k 5 "$1" "$SQLANY_HOME/bin64/$2" "@$3" </dev/null
}

# ask STATEMENT: of the local server. In a file, because a file of arguments has no way to hold a quote.
ask() {
  local connection
  # Not in the subshell below, which would forget what it fetched.
  administrator
  connection=$(local_connection)
  printf '%s\ngo\n' "$1" >"$RUN/ask-$$.sql" || die "$RUN: cannot be written"
  own "$RUN/ask-$$.sql"
  tool 30 dbisql "$(arguments ask -nogui -c "$connection" "$RUN/ask-$$.sql")"
}

# role_line: who the local server says that it is; fails without an answer.
role_line() {
  local output
  output=$(ask 'CALL "mobilink_ha_watch"."mobilink_ha_role"()' 2>&1) || return 1
  if [[ ! $output =~ (server=[A-Za-z0-9_]+\;role=[a-z]+\;[^[:cntrl:]]*clock=[0-9:. -]+) ]]; then return 1; fi
  printf '%s\n' "${BASH_REMATCH[1]}"
}

# The words of Systems Manager about the birth of the pair: sets `generation` (0 before the birth) and `backup`.
read_birth() {
  local value
  if value=$(aws ssm get-parameter --name "$conf_BIRTH_PARAMETER" --query Parameter.Value --output text 2>"$RUN/aws-$$.err"); then
    if [[ ! $value =~ ^generation=([1-9][0-9]{0,5})\;backup=([A-Za-z0-9._/-]{1,200})$ ]]; then
      die "$conf_BIRTH_PARAMETER: must be generation=NUMBER;backup=FOLDER or none, is '$value'"
    fi
    generation=${BASH_REMATCH[1]}
    backup=${BASH_REMATCH[2]}
  elif grep -q ParameterNotFound "$RUN/aws-$$.err"; then
    generation=0
    backup=none
  else
    # Whoever took this for an unborn pair could make an empty database beside a full one.
    return 1
  fi
}
