#!/usr/bin/env bash
# Measures Portcullis, with everything on, against the servers that one would otherwise put before git http-backend: nginx and lighttpd
# (which let everybody in), HAProxy's jwt_verify before nginx, and Apache with mod_auth_openidc. All serve equal repositories from
# 127.0.0.1; each workload runs on each of them in turn, round after round. Prints a table in Markdown: median, spread, processor time of
# the server with all its children, and the ratio to the best of the others. See bench/README.md.
#
#   bench/compare.sh [--quick] [--rounds N] [--only REGEX] [--servers "A B …"] [--large N] [--push N] [--program FOLDER] [--keep FOLDER]
#
#   --quick             smaller repositories and shorter rounds: under five minutes
#   --rounds N          rounds (3; quick: 2)
#   --only REGEX        only workloads whose name matches, for instance --only push
#   --servers "A B"     only these: nginx lighttpd haproxy apache portcullis
#   --large N           megabytes of the large repository (300; quick: 100)
#   --push N            megabytes of the large push (100)
#   --program FOLDER    a published Portcullis, instead of building this one
#   --keep FOLDER       leave the samples (samples.tsv) and the servers' logs there
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0 DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

rounds='' only=. servers="nginx lighttpd haproxy apache portcullis" push_megabytes=100 keep='' program=''
seconds=3 repeats=10 warm_commands=100 medium_megabytes=20 large_megabytes=''
while [ $# -gt 0 ]; do
  case $1 in
    --quick) rounds=${rounds:-2} seconds=1 repeats=4 warm_commands=40 large_megabytes=${large_megabytes:-100}; shift ;;
    --rounds) rounds=$2; shift 2 ;;
    --only) only=$2; shift 2 ;;
    --servers) servers=$2; shift 2 ;;
    --large) large_megabytes=$2; shift 2 ;;
    --push) push_megabytes=$2; shift 2 ;;
    --program) program=$2; shift 2 ;;
    --keep) keep=$2; shift 2 ;;
    --help | -h) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) echo "bench/compare.sh: unknown argument $1; see --help" >&2; exit 2 ;;
  esac
done
rounds=${rounds:-3} large_megabytes=${large_megabytes:-300}
say() { printf '%s\n' "$*" >&2; }

here=bench/compare
. $here/programs.sh
. $here/repositories.sh
. $here/tokens.sh
. $here/measure.sh
. $here/servers.sh
. $here/workloads.sh

work=$(mktemp -d "${TMPDIR:-/tmp}/portcullis-compare.XXXXXX")
chmod 755 "$work"
samples=$work/samples.tsv
# Apache's repositories belong to its own user.
printf '[safe]\n\tdirectory = *\n' >"$work/gitconfig"
export GIT_CONFIG_GLOBAL=$work/gitconfig
: >"$samples"
finish() {
  stop_servers
  if [ -n "$keep" ]; then mkdir -p "$keep"; cp -r "$samples" "$work"/logs "$keep"/ 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

install_programs
make_repositories
make_tokens
for server in $servers; do start_server "$server"; done
for server in $servers; do prepare_server "$server"; memory_row "memory at rest" "$server" memory; done
for server in $servers; do warm_up "$server"; done
for round in $(seq "$rounds"); do
  for workload in "${workloads[@]}"; do run_workload "$workload" "$round"; done
done
for server in $servers; do memory_row "memory afterwards" "$server" memory; memory_row "memory at its highest" "$server" highest_memory; done

python3 $here/report.py "$samples" <<EOF2
$(printf '%s\n' "${workloads[@]}" "${memory_workloads[@]}")
EOF2
printf '\n%s; %s × %s, %s; %s; .NET %s; repositories of %s and %s MB, %s rounds of %s s or %s commands; processor time %s.\n' \
  "$(date -u +%F)" "$(nproc)" "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)" "$(uname -sr)" "$(git --version)" \
  "$(dotnet --list-runtimes | sed -n 's/^Microsoft.NETCore.App \([^ ]*\).*/\1/p' | tail -1)" "$medium_megabytes" "$large_megabytes" \
  "$rounds" "$seconds" "$repeats" "$cpu_source"
