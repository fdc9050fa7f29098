#!/bin/bash
# Installs what tests run against and npm does not bring: a real database behind a real ODBC driver manager. Debian and Ubuntu.
set -euo pipefail

missing=()
for package in git mariadb-server unixodbc odbc-mariadb openssl; do
  if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then missing+=("$package"); fi
done
if ((${#missing[@]} == 0)); then exit 0; fi
as_root=()
if ((EUID != 0)); then as_root=(sudo); fi
printf 'installing %s\n' "${missing[*]}"
"${as_root[@]}" apt-get update -qq
# No service is to be started: tests start servers of their own.
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
