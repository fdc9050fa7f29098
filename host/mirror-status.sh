#!/bin/bash
# Prints who the database server of this host says that it is and what it sees, in one line.
# shellcheck disable=SC2154,SC2034,SC2153 # settings come from, and go to, the files that are sourced
# shellcheck disable=SC2015 # what stands behind || ends the script
# shellcheck source=/dev/null
. "${0%/*}/pair-configuration.sh"
# shellcheck source=/dev/null
. "${0%/*}/local-server.sh"

read_pair_configuration
if [[ $conf_ROLE == arbiter ]]; then die 'the arbiter has no database'; fi
role_line || die 'the local server does not answer'
