#!/usr/bin/env bash
# Runs the scripts that install the ODBC drivers of vendors, in the order of their names, each in its own folder.
# usage: run-hooks.sh FOLDER
set -euo pipefail

folder=$1
shopt -s nullglob
for hook in "$folder"/*.sh; do
  printf 'hook %s\n' "${hook##*/}"
  (cd "$folder" && bash "$hook") || {
    printf 'run-hooks: %s ended with %s\n' "${hook##*/}" "$?" >&2
    exit 1
  }
done
