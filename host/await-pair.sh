#!/bin/bash
# Waits until the local server is a primary whose mirror is synchronized and which sees partner and arbiter, for a minute without
# a break: longer than a link that is gone can look connected. Started by the document that replaces a pair's hosts.
#
# Ends with 0 and the server's word, or with 1 after AWAIT_SECONDS.
set -u
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
STATUS=${0%/*}/mirror-status.sh
COMPLETE='role=primary;state=synchronized;partner=connected;arbiter=connected'
AWAIT_SECONDS=${AWAIT_SECONDS:-3600} STEADY_SECONDS=${STEADY_SECONDS:-60} PAUSE=${PAUSE:-5}

steady_since='' line='no answer yet'
SECONDS=0
while ((SECONDS < AWAIT_SECONDS)); do
  line=$(/bin/bash "$STATUS" 2>&1)
  if [[ $line == *"$COMPLETE"* ]]; then
    : "${steady_since:=$SECONDS}"
    if ((SECONDS - steady_since >= STEADY_SECONDS)); then
      printf '%s\n' "$line"
      exit 0
    fi
  else
    steady_since=''
  fi
  sleep "$PAUSE"
done
printf 'The pair is not complete after %s seconds: %s\n' "$AWAIT_SECONDS" "$line" >&2
exit 1
