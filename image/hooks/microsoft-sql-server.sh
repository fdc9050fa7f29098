#!/usr/bin/env bash
# A hook: copy it into `hooks/` beside SAP's installer, together with Microsoft's packages for Debian 12, msodbcsql18_*_amd64.deb and
# mssql-tools18_*_amd64.deb, and an empty file `accept-microsoft-eula` if you accept Microsoft's licence terms. It runs as root while the
# image is built, in that folder, which can only be read.
set -euo pipefail

shopt -s nullglob
packages=(./msodbcsql18_*_amd64.deb ./mssql-tools18_*_amd64.deb)
if ((${#packages[@]} < 2)); then
  echo 'the packages of Microsoft ODBC Driver 18 and of mssql-tools18 are not beside this script' >&2
  exit 1
fi
if [[ ! -e accept-microsoft-eula ]]; then
  echo "no file accept-microsoft-eula is beside this script: make it if you accept Microsoft's licence terms" >&2
  exit 1
fi

apt-get update
ACCEPT_EULA=Y apt-get install --yes --no-install-recommends "${packages[@]}"
rm -rf /var/lib/apt/lists/*

# By this name the supervisor finds the library, whatever version it has.
root=${ROOT_FOLDER:-}
libraries=("$root"/opt/microsoft/msodbcsql18/lib64/libmsodbcsql-18.*.so.*)
ln -sf "${libraries[0]:?no library was installed}" "$root/opt/microsoft/msodbcsql18/lib64/libmsodbcsql.so"
