#!/usr/bin/env bash
# Installs what is freely packaged for a database product: driver and client.
# usage: install-engine.sh ENGINE
set -euo pipefail

case $1 in
  # The client runs SAP's set-up script; the driver is for tests, trials, and whoever is content with what SAP does not test.
  mysql) packages=(mariadb-client odbc-mariadb) ;;
  # SAP brings both.
  sql-anywhere) packages=() ;;
  # Driver and client may not be redistributed: hooks install them (image/hooks).
  sql-server | oracle) packages=() ;;
  *)
    printf 'install-engine: ENGINE must be mysql, sql-server, oracle or sql-anywhere, not %s\n' "$1" >&2
    exit 1
    ;;
esac

if ((${#packages[@]} > 0)); then
  apt-get update
  apt-get install --yes --no-install-recommends "${packages[@]}"
  rm -rf /var/lib/apt/lists/*
fi
