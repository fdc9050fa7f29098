#!/usr/bin/env bash
# A hook: copy it into `hooks/` beside SAP's installer, together with Oracle Instant Client for Linux x86-64 (the archives
# instantclient-basic*.zip and instantclient-sqlplus*.zip of one version) and, as `oracle-wallet/cwallet.sso`, an auto-login wallet that
# trusts the authorities of the database (docs/engines.md). It runs as root while the image is built, in that folder, which can only be read.
set -euo pipefail

shopt -s nullglob
archives=(./instantclient-basic*.zip ./instantclient-sqlplus*.zip)
if ((${#archives[@]} < 2)); then
  echo 'the archives of Oracle Instant Client, basic and sqlplus, are not beside this script' >&2
  exit 1
fi
if [[ ! -f oracle-wallet/cwallet.sso ]]; then
  echo 'oracle-wallet/cwallet.sso is not beside this script: no server can be checked without it' >&2
  exit 1
fi

apt-get update
apt-get install --yes --no-install-recommends unzip
rm -rf /var/lib/apt/lists/*

root=${ROOT_FOLDER:-}
unpacked=$(mktemp -d)
for archive in "${archives[@]}"; do unzip -q -o "$archive" -d "$unpacked"; done
folders=("$unpacked"/instantclient_*/)
mkdir -p "$root/opt/oracle" "$root/opt/mobilink-ha/oracle-wallet"
rm -rf "$root/opt/oracle/instantclient"
mv "${folders[0]:?the archives hold no folder instantclient_*}" "$root/opt/oracle/instantclient"
rm -rf "$unpacked"
install -m 0444 oracle-wallet/cwallet.sso "$root/opt/mobilink-ha/oracle-wallet/cwallet.sso"
