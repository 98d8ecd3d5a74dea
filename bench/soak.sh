#!/usr/bin/env bash
# Ten minutes of mixed load on one server with everything on: clones, fetches, pushes (allowed and refused), listings, tokens that are tampered, missing
# or revoked, and clients that leave in the middle. Then the server must have no more memory, descriptors, processes and temporary files than before,
# whole repositories and a whole audit log. Prints what it found; exit code 0: passed.
#
#   bench/soak.sh [--minutes N] [--program FOLDER] [--keep FOLDER]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0 DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
minutes=10 program='' keep=''
while [ $# -gt 0 ]; do
  case $1 in
    --minutes) minutes=$2; shift 2 ;;
    --program) program=$2; shift 2 ;;
    --keep) keep=$2; shift 2 ;;
    --help | -h) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) echo "bench/soak.sh: unknown argument $1; see --help" >&2; exit 2 ;;
  esac
done
say() { printf '%s\n' "$*" >&2; }

here=bench/compare servers=portcullis push_megabytes=8 medium_megabytes=20 large_megabytes=1
. $here/programs.sh
. $here/repositories.sh
. $here/tokens.sh
. $here/servers.sh
. bench/soak/load.sh
. bench/soak/watch.sh

work=$(mktemp -d "${TMPDIR:-/tmp}/portcullis-soak.XXXXXX")
groups=''
loads=() server=''
finish() {
  [ ${#loads[@]} -eq 0 ] || kill "${loads[@]}" 2>/dev/null || true
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  wait 2>/dev/null || true
  if [ -n "$keep" ]; then mkdir -p "$keep"; cp "$work"/*.tsv "$work"/*.log "$keep"/ 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

install_programs
make_repositories
make_tokens
export GIT_CONFIG_GLOBAL=$work/portcullis.gitconfig
link_repositories "$work/root"
port=$(free_port)
base=http://127.0.0.1:$port
portcullis_configuration "$work/portcullis.yaml" "$port" "$work/root" "$work/data"
"$portcullis" serve --config "$work/portcullis.yaml" >"$work/server.log" 2>&1 & server=$!
wait_for "$port" server

say "warming up …"
stop=$(($(date +%s) + 30))
run_loads
rest=$(settle)
say "under load for $minutes minutes …"
stop=$(($(date +%s) + minutes * 60))
watch_server & watcher=$!
run_loads
kill "$watcher" 2>/dev/null || true
after=$(settle)
verdict "$rest" "$after"
