#!/usr/bin/env bash
# Unpacks a newer git (Debian 13's) into a folder of its own, libraries included, and prints the path of a `git` that
# runs from there. Nothing is installed: the system's git stays what it is.
#   usage: test/clients/newer-git.sh FOLDER
set -euo pipefail
folder=$(mkdir -p "$1" && cd "$1" && pwd)
suite=trixie
program="$folder/bin/git"
if [ -x "$program" ] && "$program" --version >/dev/null 2>&1; then echo "$program"; exit 0; fi

rm -rf "$folder"; mkdir -p "$folder"/{apt/lists/partial,apt/archives/partial,apt/etc,root,bin}
mirror=$(awk '/^URIs:/ { print $2; exit } /^deb / { for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) { print $i; exit } }' \
  /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null || true)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:?no Debian mirror is configured here} $suite main" > "$folder/apt/etc/sources.list"
: > "$folder/apt/status"
options=(-qq -o "Dir::State=$folder/apt" -o "Dir::State::status=$folder/apt/status" -o "Dir::State::lists=$folder/apt/lists"
  -o "Dir::Cache=$folder/apt" -o "Dir::Etc::sourcelist=$folder/apt/etc/sources.list" -o "Dir::Etc::sourceparts=-"
  -o APT::Install-Recommends=0 -o APT::Sandbox::User=root -o "Debug::NoLocking=true")
apt-get "${options[@]}" update >&2
# With an empty package database apt fetches git and everything below it, the C library included.
apt-get "${options[@]}" --download-only -y install git >&2
for package in "$folder"/apt/archives/*.deb; do dpkg-deb -x "$package" "$folder/root"; done
rm -rf "$folder/apt"

# git starts its own helpers (git-remote-http, …), so each program is tied to the C library that it was built with.
root="$folder/root"
libraries=$(find "$root/usr/lib" -maxdepth 1 -type d -name '*-linux-gnu*' | paste -sd:)
loader=$(find "$root" -name 'ld-linux-*.so.*' -print -quit)
find "$root/usr/bin/git" "$root/usr/lib/git-core" -type f | while read -r file; do
  if head -c 4 "$file" | grep -q ELF; then patchelf --force-rpath --set-rpath "$libraries" --set-interpreter "$loader" "$file"; fi
done
cat > "$program" <<WRAPPER
#!/bin/sh
export GIT_EXEC_PATH='$root/usr/lib/git-core' GIT_TEMPLATE_DIR='$root/usr/share/git-core/templates'
exec '$root/usr/bin/git' "\$@"
WRAPPER
chmod +x "$program"
"$program" --version >&2
echo "$program"
