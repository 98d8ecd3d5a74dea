# What is measured: `name | unit | goal | servers | function`. A goal for a rate is a least multiple of the best other server, for a time
# and for memory a greatest part of it; =N is absolute. Sourced by bench/compare.sh.
authenticated="haproxy apache portcullis"
workloads=(
  "info/refs, 8 at once|req/s|80|all|w_info_refs"
  "ls-refs, small repository, 8 at once|req/s|60|all|w_ls_refs"
  "ls-refs, narrow prefix in 50,000 refs, 8 at once|req/s|60|all|w_ls_refs_narrow"
  "ls-refs, 50,000 refs, 8 at once|req/s|8|all|w_ls_refs_many"
  "receive-pack advertisement, 50,000 refs, 8 at once|req/s||all|w_receive_pack_many"
  "git ls-remote, whole command|ms|0.9|all|w_ls_remote"
  "git fetch, nothing new, whole command|ms|0.9|all|w_fetch_nothing"
  "git fetch of one commit, whole command|ms|1.0|all|w_fetch_one"
  "fetch of depth 1 again and again, 8 at once|req/s||all|w_depth_1"
  "clone of the large repository, first|MB/s|1.0|all|w_clone_large_first"
  "the same, an object lying beside its pack|MB/s|1.0|all|w_clone_large_made"
  "clone of the large repository, again|MB/s|5|all|w_clone_large_again"
  "clone of the medium repository, 8 readers, first|MB/s|1.0|all|w_clone_medium_first"
  "clone of the medium repository, 8 readers, again|MB/s|5|all|w_clone_medium_again"
  "push of one commit, whole command|ms|1.0|all|w_push_one"
  "push of $push_megabytes MB, whole command|ms|1.0|all|w_push_large"
  "refusal, RS256 tokens tampered each in another way, 64 at once|req/s|1.0|$authenticated|w_refuse_tampered"
  "refusal, ES256 tokens tampered each in another way, 64 at once|req/s|1.0|haproxy portcullis|w_refuse_tampered_es256"
  "refusal, one tampered RS256 token again and again, 64 at once|req/s|1.0|$authenticated|w_refuse_tampered_again"
  "refusal, no token, 64 at once|req/s|0.8|$authenticated|w_refuse_missing"
  "no Git at all (/healthz), 8 at once|req/s||portcullis|w_empty"
  "start to the first answer|ms|=600|portcullis|w_start"
  "first start of all to the first answer|ms|=600|portcullis|w_first_start"
)
memory_workloads=("memory at rest|MB|=100|all|-" "memory afterwards|MB||all|-" "memory at its highest|MB||all|-")

token_for() { case $1 in nginx | lighttpd) ;; *) echo "$token" ;; esac; }

# What each server needs before the first round; also one request to each, so that nobody is measured cold.
prepare_server() {
  local server=$1
  GIT_CONFIG_GLOBAL=$work/$server.gitconfig
  git ls-remote -q "${url[$server]}/bench/small.git" >/dev/null || { say "$server does not serve:"; cat "$work/logs/$server"* >&2; exit 1; }
  git clone -q --bare "${url[$server]}/bench/small.git" "$work/$server.small"
  git clone -q --bare "${url[$server]}/bench/chain.git" "$work/$server.chain"
  git -C "$seed/chain.git" push -q "${url[$server]}/bench/pushed.git" "${chain[0]}:refs/heads/main"
  GIT_CONFIG_GLOBAL=$work/gitconfig
  fetched[$server]=0 pushed[$server]=0
}
declare -A fetched pushed

w_info_refs() { load "$1" "$2" "$3" 8 "$(token_for "$2")" 200 "/bench/small.git/info/refs?service=git-upload-pack"; }
w_ls_refs() { load "$1" "$2" "$3" 8 "$(token_for "$2")" 200 /bench/small.git/git-upload-pack "$work/ls-refs"; }
w_ls_refs_narrow() { load "$1" "$2" "$3" 8 "$(token_for "$2")" 200 /bench/refs.git/git-upload-pack "$work/ls-refs-narrow"; }
w_ls_refs_many() { slowly load "$1" "$2" "$3" 8 "$(token_for "$2")" 200 /bench/refs.git/git-upload-pack "$work/ls-refs"; }
w_receive_pack_many() { slowly load "$1" "$2" "$3" 8 "$(token_for "$2")" 200 "/bench/refs.git/info/refs?service=git-receive-pack"; }
w_depth_1() { slowly load "$1" "$2" "$3" 8 "$(token_for "$2")" 200 /bench/medium.git/git-upload-pack "$work/depth-1"; }
w_refuse_tampered_again() { load "$1" "$2" "$3" 64 "$tampered" 401 "/bench/small.git/info/refs?service=git-upload-pack"; }
w_refuse_tampered() { VARY=$tampered load "$1" "$2" "$3" 64 "" 401 "/bench/small.git/info/refs?service=git-upload-pack"; }
w_refuse_tampered_es256() { VARY=$tampered_es256 load "$1" "$2" "$3" 64 "" 401 "/bench/small.git/info/refs?service=git-upload-pack"; }
w_refuse_missing() { load "$1" "$2" "$3" 64 "" 401 "/bench/small.git/info/refs?service=git-upload-pack"; }

# The most that the platform, the load generator and the machine give together: what a request of Git does comes on top of it.
w_empty() { load "$1" "$2" "$3" 8 "" 200 /healthz; }

# Where a request may take a second, a second is too short.
slowly() { local seconds=$((seconds * 3)); "$@"; }

nothing() { :; }
c_ls_remote() { git ls-remote -q "${url[$1]}/bench/small.git"; }
w_ls_remote() { commands "$1" "$2" "$3" "$repeats" nothing c_ls_remote; }
c_fetch_nothing() { git -C "$work/$1.small" fetch -q "${url[$1]}/bench/small.git" 'refs/heads/*:refs/heads/*'; }
w_fetch_nothing() { commands "$1" "$2" "$3" "$repeats" nothing c_fetch_nothing; }

p_fetch_one() {
  fetched[$1]=$((fetched[$1] + 1))
  git -C "$work/$1.root/bench/chain.git" update-ref refs/heads/main "${chain[fetched[$1]]}"
}
c_fetch_one() { git -C "$work/$1.chain" fetch -q "${url[$1]}/bench/chain.git" refs/heads/main:refs/heads/main; }
w_fetch_one() { commands "$1" "$2" "$3" "$repeats" p_fetch_one c_fetch_one; }

p_push_one() { pushed[$1]=$((pushed[$1] + 1)); }
c_push_one() { git -C "$seed/chain.git" push -q "${url[$1]}/bench/pushed.git" "${chain[pushed[$1]]}:refs/heads/main"; }
w_push_one() { commands "$1" "$2" "$3" "$repeats" p_push_one c_push_one; }

p_push_large() { empty_repository "$work/$1.root/bench/push.git"; }
c_push_large() { git -C "$seed/push.git" -c pack.compression=0 push -q "${url[$1]}/bench/push.git" main; }
w_push_large() { commands "$1" "$2" "$3" 1 p_push_large c_push_large; rm -rf "$work/$2.root/bench/push.git"; }

# The first time means a repository that this server has never served: another link to the same packs.
once() { [ -e "$work/$1.root/bench/$2-$3.git" ] || link_repository "$2" "$work/$1.root/bench/$2-$3.git"; }
w_clone_large_first() { once "$2" large "$3"; stream "$1" "$2" "$3" 1 "/bench/large-$3.git" "$work/clone-large"; }
w_clone_large_made() { once "$2" large "$3-made"; git -C "$work/$2.root/bench/large-$3-made.git" hash-object -w --stdin <<<"$3" >/dev/null; stream "$1" "$2" "$3" 1 "/bench/large-$3-made.git" "$work/clone-large"; }
w_clone_large_again() { once "$2" large "$3"; stream "$1" "$2" "$3" 1 "/bench/large-$3.git" "$work/clone-large"; }
w_clone_medium_first() { once "$2" medium "$3"; stream "$1" "$2" "$3" 8 "/bench/medium-$3.git" "$work/clone-medium"; }
w_clone_medium_again() { once "$2" medium "$3"; stream "$1" "$2" "$3" 8 "/bench/medium-$3.git" "$work/clone-medium"; }

# start NAME ROUND DATA: from the start of the program to its first answer to a Git request, which is asked for again and again.
start() {
  local port begin end process
  port=$(free_port)
  portcullis_configuration "$work/start.yaml" "$port" "$work/portcullis.root" "$3"
  begin=$(now)
  in_group start "$work/logs/start" "$portcullis" serve --config "$work/start.yaml"
  process=$!
  until curl -sf -o /dev/null -H "Authorization: Bearer $token" "http://127.0.0.1:$port/bench/small.git/info/refs?service=git-upload-pack"; do
    kill -0 "$process" 2>/dev/null || { failed "$1" portcullis "it ended: $(tail -1 "$work/logs/start")"; return; }
  done
  end=$(now)
  sample "$1" portcullis "$2" $(((end - begin) / 1000)) "$(cpu start)" 1
  kill "$process"; wait "$process" 2>/dev/null || true
  [ -z "$groups" ] || until rmdir "$groups/start" 2>/dev/null; do sleep 0.1; done
}
w_start() { [ -d "$work/data.start" ] || start unrecorded "$3" "$work/data.start"; start "$1" "$3" "$work/data.start"; }
w_first_start() { start "$1" "$3" "$work/data.first$3"; }
