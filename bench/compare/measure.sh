# Samples: `workload <tab> server <tab> round <tab> value <tab> processor time of the server in ms per operation`. Sourced by bench/compare.sh.

# Each server runs in a control group of its own: its processor time counts every process below it, also those that nobody waits for,
# as with fcgiwrap, which does not wait for the git behind git http-backend.
cpu_source='not measured: no control group could be made' groups=''
for mount in /sys/fs/cgroup /sys/fs/cgroup/unified; do
  if [ -z "$groups" ] && [ -e "$mount/cgroup.controllers" ] && mkdir "$mount/portcullis-bench.$$" 2>/dev/null; then
    groups=$mount/portcullis-bench.$$ cpu_source='from a control group for each server, children included'
  fi
done

# in_group NAME LOG COMMAND…: starts a server in the background and in its group; its process id is in $!.
in_group() {
  local name=$1 log=$2; shift 2
  [ -z "$groups" ] || mkdir -p "$groups/$name"
  (
    [ -z "$groups" ] || echo "$BASHPID" >"$groups/$name/cgroup.procs"
    exec setsid "$@"
  ) >"$log" 2>&1 &
}

# Processor time of a server so far, in microseconds.
cpu() { if [ -n "$groups" ] && [ -d "$groups/$1" ]; then awk '/^usage_usec/ { print $2 }' "$groups/$1/cpu.stat"; else echo 0; fi; }

# Memory of a server now, in MB: what its processes have for themselves, and their share of what they have together.
memory() {
  local pid
  for pid in $(cat "$groups/$1/cgroup.procs" 2>/dev/null || true); do cat "/proc/$pid/smaps_rollup" 2>/dev/null || true; done \
    | awk '/^Pss:/ { sum += $2 } END { printf "%.0f", sum / 1024 }'
}

# The same at its highest, summed over the processes that still run.
highest_memory() {
  local pid
  for pid in $(cat "$groups/$1/cgroup.procs" 2>/dev/null || true); do cat "/proc/$pid/status" 2>/dev/null || true; done \
    | awk '/^VmHWM:/ { sum += $2 } END { printf "%.0f", sum / 1024 }'
}

now() { echo "${EPOCHREALTIME/./}"; }

# sample WORKLOAD SERVER ROUND VALUE CPU-MICROSECONDS OPERATIONS
sample() {
  local each=''
  [ -z "$groups" ] || each=$(awk -v c="$5" -v n="$6" 'BEGIN { printf "%.4f", c / 1000 / n }')
  printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$each" >>"$samples"
}

failed() { say "failed: $1 on $2: $3"; printf '%s\t%s\t%s\tfailed\t\n' "$1" "$2" "$round" >>"$samples"; }

# memory_row WORKLOAD SERVER FUNCTION
memory_row() { [ -z "$groups" ] || sample "$1" "$2" 0 "$("$3" "$2")" 0 1; }

# run_workload LINE ROUND: one workload on each server; each round begins with another one.
run_workload() {
  local name unit goal function which server list
  IFS='|' read -r name unit goal which function <<<"$1"
  [[ $name =~ $only ]] || return 0
  list=($servers)
  for ((i = 0; i < ${#list[@]}; i++)); do
    server=${list[(i + $2) % ${#list[@]}]}
    [[ $which = all || " $which " = *" $server "* ]] || continue
    $function "$name" "$server" "$2"
  done
}

# load NAME SERVER ROUND CONNECTIONS AUTHORIZATION EXPECTED-STATUS PATH [BODY]: requests a second with wrk.
load() {
  local name=$1 server=$2 connections=$4 authorization=$5 expected=$6 path=$7 body=${8:-} before after result requests microseconds wrong
  local headers=(-H "Git-Protocol: version=2")
  [ -z "$authorization" ] || headers+=(-H "Authorization: Bearer $authorization")
  before=$(cpu "$server")
  result=$(BODY=$body EXPECTED=$expected VARY=${VARY:-} wrk -t 1 -c "$connections" -d "${seconds}s" --timeout 20s -s $here/load.lua "${headers[@]}" "${url[$server]}$path" | sed -n 's/^RESULT //p')
  after=$(cpu "$server")
  read -r requests microseconds wrong <<<"${result:-0 1 1}"
  # A server may close a connection now and then; more than that is not what was to be measured.
  if [ $((wrong * 100)) -gt "$requests" ] || [ "$requests" = 0 ]; then failed "$name" "$server" "$wrong of $requests answers were not $expected"; return; fi
  sample "$name" "$server" "$3" "$(awk -v n="$((requests - wrong))" -v t="$microseconds" 'BEGIN { printf "%.1f", n / t * 1e6 }')" $((after - before)) "$requests"
}

# A server that compiles what it runs, as Portcullis does, is not measured while it does so; the others get the same. Pushes and fetches, too, as
# often as it takes for such a compiler to be done with them.
warm_up() {
  local server=$1 path authorization
  for path in "/bench/small.git/info/refs?service=git-upload-pack" /bench/small.git/git-upload-pack; do
    for authorization in "Bearer $token" "Bearer $tampered" ""; do
      BODY=$([[ $path = */git-upload-pack ]] && echo "$work/ls-refs") EXPECTED=0 VARY='' wrk -t 1 -c 16 -d "${seconds}s" -s $here/load.lua -H "Git-Protocol: version=2" \
        -H "Authorization: $authorization" "${url[$server]}$path" >/dev/null
    done
  done
  # Whoever reads fifty thousand refs once and remembers them has done so.
  BODY=$work/ls-refs-narrow EXPECTED=0 VARY='' wrk -t 1 -c 8 -d "${seconds}s" -s $here/load.lua -H "Git-Protocol: version=2" -H "Authorization: Bearer $token" \
    "${url[$server]}/bench/refs.git/git-upload-pack" >/dev/null
  local turn
  for turn in $(seq "$warm_commands"); do
    p_push_one "$server"; GIT_CONFIG_GLOBAL=$work/$server.gitconfig c_push_one "$server"
    p_fetch_one "$server"; GIT_CONFIG_GLOBAL=$work/$server.gitconfig c_fetch_one "$server"
  done
}

# stream NAME SERVER ROUND READERS REPOSITORY BODY: MB a second, whole answers thrown away.
stream() {
  local name=$1 server=$2 readers=$4 path=$5 body=$6 before after start end bytes pids=() reader headers=()
  case $server in nginx | lighttpd) ;; *) headers=(-H "Authorization: Bearer $token") ;; esac
  before=$(cpu "$server"); start=$(now)
  for reader in $(seq "$readers"); do
    curl -sf -o /dev/null -w '%{size_download}\n' "${headers[@]}" -H 'Git-Protocol: version=2' -H 'Content-Type: application/x-git-upload-pack-request' -H 'Expect:' \
      --data-binary "@$body" "${url[$server]}$path/git-upload-pack" >"$work/bytes.$reader" & pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || { failed "$name" "$server" "curl ended with $?"; return; }; done
  end=$(now); after=$(cpu "$server")
  bytes=$(for reader in $(seq "$readers"); do cat "$work/bytes.$reader"; done | awk '{ n += $1 } END { print n }')
  sample "$name" "$server" "$3" "$(awk -v b="$bytes" -v t=$((end - start)) 'BEGIN { printf "%.1f", b / t }')" $((after - before)) "$readers"
}

# commands NAME SERVER ROUND TIMES BEFORE COMMAND: milliseconds of one command; BEFORE is not measured.
commands() {
  local name=$1 server=$2 times=$4 prepare=$5 command=$6 before used=0 start elapsed=0 turn
  for turn in $(seq "$times"); do
    $prepare "$server"
    before=$(cpu "$server"); start=$(now)
    if ! GIT_CONFIG_GLOBAL=$work/$server.gitconfig $command "$server" >"$work/out" 2>&1; then failed "$name" "$server" "$(tail -3 "$work/out" | tr '\n' ' ')"; return; fi
    elapsed=$((elapsed + $(now) - start)); used=$((used + $(cpu "$server") - before))
  done
  sample "$name" "$server" "$3" "$(awk -v t="$elapsed" -v n="$times" 'BEGIN { printf "%.1f", t / 1000 / n }')" "$used" "$times"
}
