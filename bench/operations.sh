#!/usr/bin/env bash
# Measures whole operations against nginx with git http-backend (no authentication), in interleaved rounds over equal
# repositories: clone and push of a large repository, and ls-remote. Prints medians, ratios, server CPU and memory.
#   bench/operations.sh [--rounds N] [--megabytes N]      default: 3 rounds, 1024 MB
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rounds=3 megabytes=1024
while [ $# -gt 0 ]; do
  case $1 in
    --rounds) rounds=$2; shift 2 ;;
    --megabytes) megabytes=$2; shift 2 ;;
    *) echo "usage: bench/operations.sh [--rounds N] [--megabytes N]" >&2; exit 2 ;;
  esac
done

if [ "$(id -u)" = 0 ] && ! { command -v nginx && command -v fcgiwrap; } >/dev/null 2>&1; then
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends nginx fcgiwrap >/dev/null
fi
nginx=$(command -v nginx || echo /usr/sbin/nginx)
dotnet build src/Portcullis.Server -c Release -v quiet -nologo -clp:NoSummary
portcullis=$PWD/artifacts/bin/Portcullis.Server/release/portcullis
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0

work=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do pkill -P "$pid" 2>/dev/null || true; kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

port() { while :; do local p=$((20000 + RANDOM % 20000)); (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; return; }; done; }
ready() { for _ in $(seq 200); do (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; sleep 0.1; done; echo "nothing listens on $1" >&2; exit 1; }

# --- the repositories: history in many commits, content that can't be compressed
seed=$work/seed
git init -q -b main "$seed"
git -C "$seed" config user.name bench && git -C "$seed" config user.email bench@example.com
git -C "$seed" config core.compression 0 && git -C "$seed" config gc.auto 0
for i in $(seq $((megabytes / 32))); do
  mkdir -p "$seed/d$i"
  for j in $(seq 32); do head -c 1048576 /dev/urandom >"$seed/d$i/f$j"; done
  git -C "$seed" add -A && git -C "$seed" commit -q -m "part $i"
done
git -C "$seed" repack -adq
for server in nginx portcullis; do
  mkdir -p "$work/$server/acme"
  git clone -q --bare "$seed" "$work/$server/acme/large.git"
  git -C "$work/$server/acme/large.git" config http.receivepack true
done

# --- nginx with git http-backend
web=$(port)
cat >"$work/nginx.conf" <<CONF
daemon off; pid $work/nginx.pid; error_log $work/nginx.log; worker_processes 2;
events { worker_connections 256; }
http {
  access_log off; client_max_body_size 0; client_body_temp_path $work/nb; proxy_temp_path $work/np; fastcgi_temp_path $work/nf; uwsgi_temp_path $work/nu; scgi_temp_path $work/ns;
  server {
    listen 127.0.0.1:$web;
    location / {
      fastcgi_pass unix:$work/fcgi.sock; fastcgi_buffering off; fastcgi_request_buffering off; fastcgi_read_timeout 3600;
      fastcgi_param SCRIPT_FILENAME $(git --exec-path)/git-http-backend; fastcgi_param GIT_PROJECT_ROOT $work/nginx; fastcgi_param GIT_HTTP_EXPORT_ALL 1;
      fastcgi_param GIT_CONFIG_COUNT 1; fastcgi_param GIT_CONFIG_KEY_0 safe.directory; fastcgi_param GIT_CONFIG_VALUE_0 *;
      fastcgi_param PATH_INFO \$uri; fastcgi_param QUERY_STRING \$query_string; fastcgi_param REQUEST_METHOD \$request_method; fastcgi_param CONTENT_TYPE \$content_type;
      fastcgi_param CONTENT_LENGTH \$content_length; fastcgi_param GIT_PROTOCOL \$http_git_protocol; fastcgi_param HTTP_CONTENT_ENCODING \$http_content_encoding; fastcgi_param REMOTE_USER bench;
    }
  }
}
CONF
sed -i '1i user root;' "$work/nginx.conf"
fcgiwrap -c 4 -s "unix:$work/fcgi.sock" & pids+=($!); fcgi=$!
"$nginx" -c "$work/nginx.conf" -p "$work" & pids+=($!); web_pid=$!
ready "$web"

# --- Portcullis, with everything on
git_port=$(port)
cat >"$work/portcullis.yaml" <<CONF
server: { listen: ["http://127.0.0.1:$git_port"], publicUrl: "http://127.0.0.1:$git_port" }
data: $work/data
repositories: { root: $work/portcullis }
CONF
"$portcullis" serve --config "$work/portcullis.yaml" >"$work/portcullis.log" 2>&1 & pids+=($!); portcullis_pid=$!
ready "$git_port"
"$portcullis" token issue --config "$work/portcullis.yaml" --subject bench --permission 'git:acme/*:pull,push,force,delete,init' --lifetime 1h --output "$work/token" >/dev/null
cat >"$work/gitconfig" <<CONF
[http]
	extraHeader = Authorization: Bearer $(cat "$work/token")
CONF

ticks=$(getconf CLK_TCK)
# CPU seconds of the processes and of the children that they have waited for.
cpu() { local sum=0; for pid in "$@"; do for p in "$pid" $(pgrep -P "$pid" || true); do set -- $(sed 's/.*) //' "/proc/$p/stat" 2>/dev/null || echo 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0); sum=$((sum + ${12} + ${13} + ${14} + ${15})); done; done; awk -v t="$sum" -v k="$ticks" 'BEGIN { printf "%.2f", t / k }'; }
peak() { awk '/VmHWM/ { print int($2 / 1024) }' "/proc/$1/status"; }
now() { date +%s.%N; }

declare -A wall cpus
measure() { # name server command…
  local key="$1 $2"; shift
  local server=$1; shift
  local before after start end
  if [ "$server" = nginx ]; then before=$(cpu "$fcgi" "$web_pid"); else before=$(cpu "$portcullis_pid"); fi
  start=$(now); "$@" >/dev/null 2>"$work/err" || { cat "$work/err" "$work/portcullis.log" >&2; exit 1; }; end=$(now)
  if [ "$server" = nginx ]; then after=$(cpu "$fcgi" "$web_pid"); else after=$(cpu "$portcullis_pid"); fi
  wall[$key]+="$(awk -v a="$start" -v b="$end" 'BEGIN { printf "%.3f ", b - a }')"
  cpus[$key]+="$(awk -v a="$before" -v b="$after" 'BEGIN { printf "%.2f ", b - a }')"
}
url() { [ "$1" = nginx ] && echo "http://127.0.0.1:$web/$2" || echo "http://127.0.0.1:$git_port/$2"; }
run() { local server=$1; shift; if [ "$server" = nginx ]; then git "$@"; else git -c include.path="$work/gitconfig" "$@"; fi; }
clone() { run "$1" clone -q --bare "$(url "$1" acme/large.git)" "$work/clone"; }
push() { run "$1" -C "$seed" -c pack.compression=0 push -q "$(url "$1" "acme/pushed$2.git")" main; }
list() { for _ in $(seq 20); do run "$1" ls-remote -q "$(url "$1" acme/large.git)"; done; }

for server in nginx portcullis; do list "$server" >/dev/null; done
rest=$(peak "$portcullis_pid")
for round in $(seq "$rounds"); do
  for server in nginx portcullis; do
    measure "clone" "$server" clone "$server"; rm -rf "$work/clone"
    git init -q --bare "$work/$server/acme/pushed$round.git"
    git -C "$work/$server/acme/pushed$round.git" config http.receivepack true
    git -C "$work/$server/acme/pushed$round.git" config receive.fsckObjects true
    measure "push" "$server" push "$server" "$round"; rm -rf "$work/$server/acme/pushed$round.git"
    measure "20 ls-remote" "$server" list "$server"
  done
done

median() { tr ' ' '\n' <<<"$1" | grep . | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
printf '\n%s of %s MB, median of %s rounds; %s\n\n' "Repositories" "$megabytes" "$rounds" "$(git --version)"
printf '| operation | nginx + http-backend, s | Portcullis, s | ratio | server CPU: nginx, s | Portcullis, s |\n|---|---|---|---|---|---|\n'
for name in clone push "20 ls-remote"; do
  a=$(median "${wall[$name nginx]}") b=$(median "${wall[$name portcullis]}")
  printf '| %s | %s | %s | %s | %s | %s |\n' "$name" "$a" "$b" "$(awk -v a="$a" -v b="$b" 'BEGIN { printf "%.2f", b / a }')" \
    "$(median "${cpus[$name nginx]}")" "$(median "${cpus[$name portcullis]}")"
done
printf '\nPortcullis: %s MB before, %s MB at its peak; growth %s MB.\n' "$rest" "$(peak "$portcullis_pid")" "$(($(peak "$portcullis_pid") - rest))"
