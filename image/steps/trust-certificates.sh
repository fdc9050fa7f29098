#!/usr/bin/env bash
# Writes the authorities by which the database's certificate is checked into one file.
# usage: trust-certificates.sh FOLDER yes|no BUNDLE
set -euo pipefail

folder=$1 public=$2 bundle=$3
system=${SYSTEM_BUNDLE:-/etc/ssl/certs/ca-certificates.crt}

shopt -s nullglob
files=("$folder"/*.pem "$folder"/*.crt)
if [[ $public == yes ]]; then files+=("$system"); fi
mkdir -p "${bundle%/*}"
: >"$bundle"
for file in "${files[@]}"; do
  if ! grep -q -- '-----BEGIN CERTIFICATE-----' "$file"; then
    printf 'trust-certificates: %s holds no certificate in PEM\n' "${file##*/}" >&2
    exit 1
  fi
  # Files may end without a line break, or with those of another system.
  tr -d '\r' <"$file" >>"$bundle"
  printf '\n' >>"$bundle"
done
chmod 0444 "$bundle"
