#!/usr/bin/env bash
# How many tokens a second the authority issues, on SQLite and on a PostgreSQL server of its own (Debian's package; as root, since PostgreSQL's programs refuse to run as root themselves).
#   bench/issuing.sh [--seconds N]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
dotnet build bench/Portcullis.Benchmarks -c Release -v quiet -nologo -clp:NoSummary
bench=(dotnet artifacts/bin/Portcullis.Benchmarks/release/Portcullis.Benchmarks.dll issuing "$@")
"${bench[@]}"
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
if [ -z "$bin" ] || [ "$(id -u)" != 0 ]; then
  echo "no PostgreSQL: as root, apt-get install postgresql" >&2
  exit 0
fi
folder=$(mktemp -d)
chown postgres "$folder"
while :; do port=$((20000 + RANDOM % 20000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break; done
trap 'cd / && runuser -u postgres -- "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1; rm -rf "$folder"' EXIT
(cd "$folder" && runuser -u postgres -- "$bin/initdb" -D data -A trust \
  && runuser -u postgres -- "$bin/pg_ctl" -D data -l log -w -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder" start) >/dev/null
echo
"${bench[@]}" --database "Host=127.0.0.1;Port=$port;Username=postgres;Database=portcullis_bench"
