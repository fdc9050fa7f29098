# What the stand-ins of SAP's command line tools have in common. They do what the documents say; where those are silent, the file
# `behaviour` of their installation decides, so that every plausible variant can be tried. No fact about SAP follows from them.
set -u
installation=$(cd "${0%/*}/.." && pwd)
tool=${0##*/}

# One line a key, as in: role=primary
behaviour() {
  local line found=$2
  while IFS= read -r line; do
    if [[ $line == "$1="* ]]; then found=${line#*=}; fi
  done <"$installation/behaviour"
  printf '%s' "$found"
}

# What ran, for those who look: never the connection string.
journal() {
  printf '%s %s %s\n' "$tool" "$$" "$*" >>"$installation/journal"
}

refuse() {
  journal "refused: $1"
  printf 'Usage error: %s\n' "$1"
  exit 254
}

# Hands over to the program that is a server, or speaks to one (rehearsal/sql-anywhere). Never comes back.
stand_in() {
  exec "$installation/stand-in/node" "$installation/stand-in/main.js" "$tool" "$installation" "$@"
}

# Without the file `behaviour` there is a server to speak to.
stand_in_unless_described() {
  if [[ ! -e $installation/behaviour ]]; then stand_in "$@"; fi
}

# Fills `arguments` from the one @file that the script gives; a secret on the command line is an error of the script.
read_arguments() {
  local line
  arguments=()
  if (($# != 1)) || [[ $1 != @* ]]; then refuse "the command line holds more than one @file"; fi
  if [[ $(stat -c %a -- "${1#@}") != 600 ]]; then refuse "others can read ${1#@}"; fi
  while IFS= read -r line; do
    if [[ $line == \"*\" ]]; then line=${line:1:${#line}-2}; elif [[ $line == *[[:space:]]* ]]; then refuse "'$line' is not quoted"; fi
    arguments+=("$line")
  done <"${1#@}"
}

# Fills `given` with the options: those with a value, and those without.
parse() {
  local with=" $1 " without=" $2 " index option
  declare -gA given=()
  for ((index = 0; index < ${#arguments[@]}; index++)); do
    option=${arguments[index]}
    if [[ $with == *" $option "* ]]; then
      index=$((index + 1))
      given[$option]=${arguments[index]-}
    elif [[ $without == *" $option "* ]]; then
      given[$option]=yes
    elif [[ $tool == dbisql && $option != -* ]]; then
      given[statement]=$option
    else
      refuse "unknown option $option"
    fi
  done
}

# Checks the connection string, and answers as the local server would.
connect() {
  local part
  declare -gA connection=()
  local IFS=';'
  for part in ${given[-c]-}; do connection[${part%%=*}]=${part#*=}; done
  for part in SERVER DBN HOST UID PWD; do
    if [[ -z ${connection[$part]:-} ]]; then refuse "the connection string has no $part"; fi
  done
  if [[ ${connection[HOST]} != 127.0.0.1:* ]]; then refuse "connects to ${connection[HOST]}, not to this host"; fi
  case $(behaviour answers yes) in
    yes) ;;
    hang) sleep 3600 ;;
    bad-login)
      printf 'Error: Invalid user ID or password (SQLCODE -103)\n'
      exit 7
      ;;
    *)
      printf 'Error: Database server not found (SQLCODE -100)\n'
      exit 11
      ;;
  esac
  if [[ ${connection[SERVER]} != "$(behaviour server p1)" ]]; then
    printf 'Error: Database server not found (SQLCODE -100)\n'
    exit 11
  fi
}
