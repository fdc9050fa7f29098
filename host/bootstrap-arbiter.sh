# The arbiter's part of the bootstrap: its state file and its server. Sourced by bootstrap-host.sh.
# shellcheck disable=SC2154,SC2034,SC2153 # settings come from, and go to, the files that are sourced
# shellcheck disable=SC2015 # what stands behind || ends the script

arbiter_state=$STATE/$conf_SERVER.state

# A restored pair is a new one: what the arbiter knows of the old one would keep it from its first start (facts §4.1).
follow_generation() {
  local own=0 aside
  until read_birth; do
    say 'Systems Manager does not tell whether the pair was born'
    sleep "${PAUSE:-5}"
  done
  if [[ -f $STATE/generation ]]; then own=$(<"$STATE/generation"); fi
  if ((own < generation && generation > 1)) && [[ -e $arbiter_state ]]; then
    systemctl stop mobilink-ha-database.service || die 'the server does not stop'
    aside=$STATE/aside/$(date -u +%Y%m%dT%H%M%SZ)
    mkdir -p -- "$aside" && mv -f -- "$arbiter_state" "$aside/" || die "$arbiter_state: cannot be put aside"
    say "generation $generation: the state file of generation $own was put aside in $aside"
  fi
  if [[ $own != "$generation" ]]; then
    printf '%s\n' "$generation" >"$STATE/generation.new" && mv -f -- "$STATE/generation.new" "$STATE/generation" || die "$STATE: cannot be written"
  fi
  own "$STATE"
}

write_arguments_of_arbiter() {
  local password authentication
  secret "$conf_AUTHENTICATION_SECRET"
  authentication=$password
  secret "$conf_UTILITY_SECRET"
  arguments dbsrv -n "$conf_SERVER" -x "tcpip(port=$conf_PORT;dobroad=no)" -su "$password" -o "$LOGS/dbsrv.log" \
    -xf "$arbiter_state" -xa "AUTH=$authentication;DBN=$conf_DATABASE" >/dev/null
}

follow_generation
if ! systemctl is-active --quiet mobilink-ha-database.service; then
  write_arguments_of_arbiter
  systemctl start mobilink-ha-database.service || die 'the arbiter cannot be started'
fi
# A server that cannot start ends at once, and systemd starts it again and again.
for attempt in 1 2 3; do
  sleep "${PAUSE:-2}"
  systemctl is-active --quiet mobilink-ha-database.service || die "the arbiter ended after look $attempt, see $LOGS/dbsrv.log"
done
