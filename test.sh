#!/usr/bin/env bash
# Builds everything with warnings as errors and runs the tests. The last line counts them.
#   ./test.sh         all suites: installs what they need (as root: Debian packages; npm packages; a newer git in .cache/)
#   ./test.sh quick   the unit tests and one tour through the program
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
mode=${1:-full}
case $mode in full | quick) ;; *) echo "usage: ./test.sh [quick]" >&2; exit 2 ;; esac
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 TERM=dumb
passed=0 failed=0 skipped=0
say() { printf '\n== %s\n' "$*"; }

# Installs those of the named Debian packages that are missing. Without root it only says so: the tests that need them are skipped.
need() {
  local missing=()
  for package in "$@"; do dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package"); done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" != 0 ]; then echo "missing, and only root can install: ${missing[*]}"; return 0; fi
  say "install ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update >/dev/null 2>&1
  apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null 2>&1 || { echo "could not install ${missing[*]}"; failed=$((failed + 1)); }
}

# Runs one test program and adds its counts to the sums. A program that ends badly without counting is one failure.
suite() {
  local name=$1; shift
  say "$name"
  local log; log=$(mktemp)
  "$@" 2>&1 | tee "$log"
  local code=${PIPESTATUS[0]}
  #   Portcullis.Tests  Total: 1392, Errors: 0, Failed: 1, Skipped: 0, Not Run: 0, Time: 63.1s
  count() { sed -nE "s/^ +[^ ]+ +Total: .*$1: ([0-9]+).*/\1/p" "$log" | tail -1; }
  local t e f k; t=$(sed -nE 's/^ +[^ ]+ +Total: ([0-9]+),.*/\1/p' "$log" | tail -1) e=$(count Errors) f=$(count Failed) k=$(count Skipped)
  f=$((${f:-0} + ${e:-0})) k=${k:-0}
  passed=$((passed + ${t:-0} - f - k)) failed=$((failed + f)) skipped=$((skipped + k))
  if [ -z "$t" ]; then
    echo "$name counted no tests"; failed=$((failed + 1))
  elif [ "$code" -ne 0 ] && [ "$f" -eq 0 ]; then
    echo "$name ended with $code"; failed=$((failed + 1))
  fi
  rm -f "$log"
}

# A PostgreSQL server of the tests' own, on a free port of 127.0.0.1. Its programs refuse to run as root.
start_postgresql() {
  local bin port; bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
  if [ "$(id -u)" != 0 ] || [ -z "$bin" ]; then echo "no PostgreSQL"; return 0; fi
  postgresql=$(mktemp -d); chown postgres "$postgresql"
  while :; do port=$((20000 + RANDOM % 20000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break; done
  if (cd "$postgresql" && runuser -u postgres -- "$bin/initdb" -D data -A trust \
    && runuser -u postgres -- "$bin/pg_ctl" -D data -l log -w -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$postgresql" start) >/dev/null 2>&1; then
    export PORTCULLIS_TEST_POSTGRESQL="Host=127.0.0.1;Port=$port;Username=postgres"
    trap 'cd / && runuser -u postgres -- "$postgresql_bin/pg_ctl" -D "$postgresql/data" -m immediate stop >/dev/null 2>&1; rm -rf "$postgresql"' EXIT
    postgresql_bin=$bin
  else
    echo "PostgreSQL did not start"; failed=$((failed + 1))
  fi
}

finish() {
  local line="$passed passed, $failed failed"
  [ "$skipped" -eq 0 ] || line="$line, $skipped skipped"
  printf '\n%s\n' "$line"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
  exit
}

if [ -e /etc/debian_version ]; then
  need git
  if [ "$mode" = full ]; then
    # jgit-cli recommends rather than depends on a Java runtime; patchelf ties the unpacked newer git to its own C library.
    need git-lfs jgit-cli default-jre-headless python3 python3-dulwich python3-urllib3 python3-pygit2 patchelf openssh-client util-linux curl procps git-credential-oauth chromium postgresql nginx-light fcgiwrap apache2-bin caddy haproxy docker-registry tinyproxy-bin gcc libc6-dev zlib1g-dev
    command -v node >/dev/null && command -v npm >/dev/null || need nodejs npm
    say "PostgreSQL"
    start_postgresql
    say "a newer git"
    test/clients/newer-git.sh .cache/newer-git || { echo "no newer git"; failed=$((failed + 1)); }
    if command -v npm >/dev/null; then
      say "npm packages"
      for peer in isomorphic-git authority-peers; do
        (cd test/clients/$peer && npm ci --silent --no-audit --no-fund) || { echo "npm ci failed"; failed=$((failed + 1)); }
      done
    fi
  fi
fi

say build
if ! dotnet build Portcullis.slnx -c Release -v quiet -nologo -clp:NoSummary; then failed=$((failed + 1)); finish; fi

# The real program, as it is shipped: compiled ahead of time. It starts in half of the processor time, and it is started hundreds of times.
if [ "$mode" = full ]; then
  say publish
  if ! dotnet publish src/Portcullis.Server -c Release --use-current-runtime --no-self-contained --artifacts-path artifacts/shipped -v quiet -nologo -clp:NoSummary; then
    failed=$((failed + 1)); finish
  fi
  export PORTCULLIS_PROGRAM=$PWD/artifacts/shipped/publish/Portcullis.Server/release/portcullis
  helper=artifacts/shipped/publish/Portcullis.CredentialHelper/release/git-credential-portcullis
  if dotnet publish src/Portcullis.CredentialHelper -c Release --use-current-runtime -p:PublishAot=true --artifacts-path artifacts/shipped -v quiet -nologo -clp:NoSummary >/dev/null 2>&1; then
    export PORTCULLIS_CREDENTIAL_HELPER=$PWD/$helper
  else
    echo "no native credential helper here (it needs a C linker): the tests run the one that needs .NET"
  fi
fi

bin=artifacts/bin
options=(-noColor -noLogo -parallelMode all -maxThreads 4)
suite "unit tests" dotnet "$bin/Portcullis.Tests/release/Portcullis.Tests.dll" "${options[@]}"
if [ "$mode" = quick ]; then
  suite "end to end, a tour" dotnet "$bin/Portcullis.EndToEnd/release/Portcullis.EndToEnd.dll" "${options[@]}" -namespace Portcullis.EndToEnd.Tour
else
  suite "end to end" dotnet "$bin/Portcullis.EndToEnd/release/Portcullis.EndToEnd.dll" "${options[@]}"
fi
finish
