# The loads, each a loop until the time in `stop`. What goes wrong that must not is a line in failures.log. Sourced by bench/soak.sh.

running() { [ "$(date +%s)" -lt "$stop" ]; }
wrong() { printf '%s: %s\n' "$1" "$2" >>"$work/failures.log"; }
did() { printf '%s\n' "$1" >>"$work/done.log"; }

# status EXPECTED AUTHORIZATION PATH
status() {
  local got headers=()
  [ -z "$2" ] || headers=(-H "Authorization: Bearer $2")
  got=$(curl -s -o /dev/null -w '%{http_code}' -H 'Git-Protocol: version=2' "${headers[@]}" "$base$3" || true)
  [ "$got" = "$1" ] || wrong "$3" "$got instead of $1"
}

load_clones() {
  local turn=0 depth
  while running; do
    turn=$((turn + 1)) depth=()
    [ $((turn % 3)) -ne 0 ] || depth=(--depth 1)
    git clone -q --bare "${depth[@]}" "$base/bench/medium.git" "$work/clone" 2>"$work/clone.err" || wrong clone "$(tail -1 "$work/clone.err")"
    rm -rf "$work/clone"
    git -C "$work/kept" fetch -q "$base/bench/chain.git" '+refs/heads/*:refs/heads/*' 2>"$work/clone.err" || wrong fetch "$(tail -1 "$work/clone.err")"
    did clone
  done
}

load_listings() {
  while running; do
    git ls-remote -q "$base/bench/small.git" >/dev/null 2>"$work/list.err" || wrong ls-remote "$(tail -1 "$work/list.err")"
    git ls-remote -q "$base/bench/refs.git" 'refs/heads/team-0123*' >/dev/null 2>"$work/list.err" || wrong ls-remote "$(tail -1 "$work/list.err")"
    did listing
  done
}

# A branch moves on by a commit, another is made and deleted, and now and then comes a repository of 8 MB.
load_pushes() {
  local turn=0
  while running; do
    turn=$((turn + 1))
    git -C "$seed/chain.git" push -q "$base/bench/pushed.git" "+${chain[turn % ${#chain[@]}]}:refs/heads/main" "${chain[0]}:refs/heads/turn-$turn" 2>"$work/push.err" || wrong push "$(tail -1 "$work/push.err")"
    git -C "$seed/chain.git" push -q "$base/bench/pushed.git" ":refs/heads/turn-$turn" 2>"$work/push.err" || wrong delete "$(tail -1 "$work/push.err")"
    if [ $((turn % 5)) -eq 0 ]; then
      git -C "$seed/push.git" push -q "$base/bench/new.git" "+main:refs/heads/main" 2>"$work/push.err" || wrong "large push" "$(tail -1 "$work/push.err")"
      rm -rf "$work/root/bench/new.git"
    fi
    did push
  done
}

# A token that may write below refs/heads/agent/ alone, and sees no more: pushes elsewhere are refused after the commands, before the pack.
load_refused_pushes() {
  rm -f "$work/narrow"
  "$portcullis" token issue --config "$work/portcullis.yaml" --subject agent --permission 'git:bench/pushed@refs/heads/agent/*:pull,push,force' \
    --lifetime 1h --output "$work/narrow" >/dev/null 2>&1 || { wrong "token issue" "failed"; return; }
  printf '[http]\n\textraHeader = Authorization: Bearer %s\n' "$(cat "$work/narrow")" >"$work/narrow.gitconfig"
  while running; do
    if GIT_CONFIG_GLOBAL=$work/narrow.gitconfig git -C "$seed/chain.git" push -q "$base/bench/pushed.git" "${chain[3]}:refs/heads/other" >/dev/null 2>&1; then wrong "push elsewhere" "was let in"; fi
    GIT_CONFIG_GLOBAL=$work/narrow.gitconfig git -C "$seed/chain.git" push -q "$base/bench/pushed.git" "+${chain[RANDOM % 20]}:refs/heads/agent/one" 2>"$work/narrow.err" || wrong "push below agent/" "$(tail -1 "$work/narrow.err")"
    did "refused push"
  done
}

load_refusals() {
  while running; do
    for _ in 1 2 3 4 5 6 7 8; do
      status 401 "" "/bench/small.git/info/refs?service=git-upload-pack"
      status 401 "$tampered" "/bench/small.git/info/refs?service=git-upload-pack"
      status 401 "${tampered%??????}AAAAA$((RANDOM % 10))" "/bench/small.git/info/refs?service=git-receive-pack"
      status 404 "$token" "/bench/no-$RANDOM.git/info/refs?service=git-upload-pack"
      status 403 "$token" "/bench/small.git/HEAD"
    done
    did refusals
  done
}

# A token works, is revoked, and does not work any more.
load_revocations() {
  local one id
  while running; do
    "$portcullis" token issue --config "$work/portcullis.yaml" --subject leaver --permission 'git:bench/*:pull' --lifetime 10m --json >"$work/issued.json" || { wrong "token issue" "failed"; continue; }
    one=$(python3 -c 'import json,sys; print(json.load(sys.stdin)["token"])' <"$work/issued.json")
    id=$(cut -d. -f2 <<<"$one" | tr '_-' '/+' | { read -r body; printf '%s' "$body$(printf '%*s' $(((4 - ${#body} % 4) % 4)) '' | tr ' ' =)"; } | base64 -d | python3 -c 'import json,sys; print(json.load(sys.stdin)["jti"])')
    status 200 "$one" "/bench/small.git/info/refs?service=git-upload-pack"
    "$portcullis" revoke --config "$work/portcullis.yaml" --token-id "$id" >/dev/null 2>&1 || wrong revoke "failed"
    sleep 1
    status 401 "$one" "/bench/small.git/info/refs?service=git-upload-pack"
    did revocation
  done
}

# Clients that leave in the middle: of a clone, and of a push.
load_leavers() {
  while running; do
    # A git that is told to end while it ends already can wait for itself for ever (2.39, a clone).
    timeout -k 5 0.$((RANDOM % 9 + 1)) git clone -q --bare "$base/bench/medium.git" "$work/left" >/dev/null 2>&1 || true
    rm -rf "$work/left"
    timeout -k 5 0.$((RANDOM % 9 + 1)) git -C "$seed/push.git" push -q "$base/bench/pushed.git" "+main:refs/heads/left" >/dev/null 2>&1 || true
    did leaving
  done
}

run_loads() {
  local load
  [ -e "$work/kept" ] || git init -q --bare "$work/kept"
  loads=()
  for load in clones listings pushes refused_pushes refusals revocations leavers; do "load_$load" & loads+=($!); done
  wait "${loads[@]}" || true
  loads=()
}
