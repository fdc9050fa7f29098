#!/usr/bin/env bash
# Installs SQL Anywhere from SAP's installer, whatever of it the folder holds: an installed tree, what is unpacked, or the archive.
# lib/farm/installer-folder.ts chooses in the same order.
# usage: install-sql-anywhere.sh INSTALLER TARGET VERSION
set -euo pipefail
umask 022

installer=$1 target=$2 version=$3
secret=${LICENCE_FILE:-/run/secrets/licence}

die() {
  printf 'install-sql-anywhere: %s\n' "$*" >&2
  exit 1
}

# The file of that name at the top of a folder, else one folder deep.
find_in() {
  local folder=$1 name=$2 file
  for file in "$folder/$name" "$folder"/*/"$name"; do
    case $file in "$installer/certificates/"* | "$installer/hooks/"*) continue ;; esac
    if [[ -f $file ]]; then
      printf '%s\n' "$file"
      return
    fi
  done
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

source=$installer
shopt -s nullglob nocaseglob
archives=("$installer"/*.tar.gz "$installer"/*.tgz)
shopt -u nocaseglob
if [[ -z $(find_in "$installer" "bin64/mlsrv$version")$(find_in "$installer" setup) ]]; then
  if ((${#archives[@]} != 1)); then die "there must be one archive in $installer, there are ${#archives[@]}"; fi
  mkdir "$work/unpacked"
  tar -xzf "${archives[0]}" --no-same-owner -C "$work/unpacked" || die "${archives[0]##*/} cannot be unpacked"
  source=$work/unpacked
fi

tree=$(find_in "$source" "bin64/mlsrv$version")
setup=$(find_in "$source" setup)
if [[ -n $tree ]]; then
  mkdir -p "$target"
  cp -a "${tree%/bin64/*}/." "$target/"
elif [[ -n $setup ]]; then
  options=(-ss -I_accept_the_license_agreement -type CREATE)
  # The key stands on a command line of this step alone, in a container that is gone after it; setup takes it in no other way.
  if [[ -s $secret ]]; then
    IFS= read -r key <"$secret" || true
    options+=(-regkey "${key//[$'\r\t ']/}")
  fi
  # It may write beside itself, and a mounted folder can only be read.
  if [[ $source == "$installer" ]]; then cp -a "${setup%/*}" "$work/setup" && setup=$work/setup/setup; fi
  # Options before it lead the folder back to the usual one. It asks for nothing, and gets nothing if it does.
  if ! (cd "${setup%/*}" && sh ./setup "${options[@]}" -sqlany-dir "$target") </dev/null >"$work/log" 2>&1; then
    tail -n 20 "$work/log" >&2
    die "SAP's setup failed"
  fi
else
  die "the archive holds neither setup nor bin64/mlsrv$version"
fi

# It ends with 0 also when it has installed nothing.
for program in "mlsrv$version" mlstop; do
  if [[ ! -x $target/bin64/$program ]]; then
    if [[ -s $work/log ]]; then tail -n 20 "$work/log" >&2; fi
    die "nothing installed $target/bin64/$program: is the installer that of the server, and the key one that covers MobiLink?"
  fi
done
chown -R "${OWNER:-root:root}" "$target"
chmod -R go-w "$target"
