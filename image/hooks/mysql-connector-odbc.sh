#!/usr/bin/env bash
# A hook: copy it into `hooks/` beside SAP's installer, together with the packages of MySQL Connector/ODBC for Debian 12 from its vendor
# (mysql-community-client-plugins_*.deb and mysql-connector-odbc_*.deb). It runs as root while the image is built, in that folder, which can
# only be read. Then name the driver: MobiLinkImage.fromInstaller(..., { odbcDriver: 'MySQL ODBC Unicode Driver' }).
set -euo pipefail

shopt -s nullglob
packages=(./mysql-community-client-plugins_*.deb ./mysql-connector-odbc_*.deb)
if ((${#packages[@]} < 2)); then
  echo 'the packages of MySQL Connector/ODBC are not beside this script' >&2
  exit 1
fi

apt-get update
apt-get install --yes --no-install-recommends "${packages[@]}"
rm -rf /var/lib/apt/lists/*

# By this name the supervisor finds the library, whatever version it has.
libraries=(/usr/lib/x86_64-linux-gnu/odbc/libmyodbc*w.so)
printf '[MySQL ODBC Unicode Driver]\nDriver=%s\n' "${libraries[0]:?no library was installed}" >>/etc/odbcinst.ini
