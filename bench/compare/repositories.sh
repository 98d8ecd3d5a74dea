# The repositories: made once, their packs then hard-linked for each server, so that all read the same pages. Sourced by bench/compare.sh.

# import PATH MEGABYTES KILOBYTES: a bare repository in one pack.
import() {
  git init -q --bare -b main "$1"
  python3 $here/history.py "$2" "$3" | git -C "$1" -c core.compression=0 fast-import --quiet --done
  git -C "$1" -c core.compression=0 -c pack.window=0 repack -adfq
  git -C "$1" pack-refs --all
}

make_repositories() {
  say "making repositories …"
  seed=$work/seed
  mkdir -p "$seed" "$work/logs"
  import "$seed/small.git" 1 2
  import "$seed/medium.git" "$medium_megabytes" 10
  import "$seed/large.git" "$large_megabytes" 10
  import "$seed/chain.git" 40 4
  import "$seed/push.git" "$push_megabytes" 1024
  chain=($(git -C "$seed/chain.git" rev-list --reverse main))

  # A few branches and tags; and 50,000 refs, written as git pack-refs would.
  for name in a b c; do git -C "$seed/small.git" update-ref "refs/heads/$name" main; done
  git -C "$seed/small.git" -c user.name=bench -c user.email=bench@example.com tag -a -m one v1 main
  git -C "$seed/small.git" pack-refs --all
  cp -a "$seed/small.git" "$seed/refs.git"
  local tip; tip=$(git -C "$seed/small.git" rev-parse main)
  {
    echo "# pack-refs with: peeled fully-peeled sorted "
    { echo "$tip refs/heads/main"; seq -f "$tip refs/heads/team-%05g/work" 1 50000; } | sort -k2
  } >"$seed/refs.git/packed-refs"

  # What a client without any object asks for: everything; and the newest commit alone.
  request "$work/clone-medium" fetch ofs-delta no-progress "want $(git -C "$seed/medium.git" rev-parse main)" done
  request "$work/clone-large" fetch ofs-delta no-progress "want $(git -C "$seed/large.git" rev-parse main)" done
  request "$work/depth-1" fetch ofs-delta no-progress "deepen 1" "want $(git -C "$seed/medium.git" rev-parse main)" done
  request "$work/ls-refs" ls-refs peel symrefs "ref-prefix refs/heads/" "ref-prefix refs/tags/" "ref-prefix HEAD"
  request "$work/ls-refs-narrow" ls-refs peel symrefs "ref-prefix refs/heads/team-01234/"
}

# request FILE COMMAND ARGUMENT…: a request of protocol version 2 (gitprotocol-v2(5)).
request() {
  local file=$1 command=$2 argument; shift 2
  line() { printf '%04x%s\n' $((${#1} + 5)) "$1"; }
  {
    line "command=$command"; line "agent=git/2.39.5"; line "object-format=sha1"; printf 0001
    for argument in "$@"; do line "$argument"; done
    printf 0000
  } >"$file"
}

# link_repository NAME PATH: with the same packs. What else is in it is its own: each further link to a file changes the file's time for all.
link_repository() {
  mkdir -p "$2"
  cp -al "$seed/$1.git/objects" "$2/objects"
  for file in "$seed/$1.git"/*; do [ "${file##*/}" = objects ] || cp -a "$file" "$2/"; done
}

# The repositories of one server, below its root. `once` is a copy of a repository that this server has never served.
link_repositories() {
  local root=$1 name
  mkdir -p "$root/bench"
  for name in small refs medium large; do link_repository "$name" "$root/bench/$name.git"; done
  cp -a "$seed/chain.git" "$root/bench/chain.git"
  git -C "$root/bench/chain.git" update-ref refs/heads/main "${chain[0]}"
  empty_repository "$root/bench/pushed.git"
}

# empty_repository PATH: one that can be pushed to, by git http-backend too, and checks what it is sent, as Portcullis does by default.
empty_repository() {
  rm -rf "$1"
  git init -q --bare -b main "$1"
  git -C "$1" config http.receivepack true
  git -C "$1" config receive.fsckObjects true
  [ "$(id -u)" != 0 ] || chown -R www-data: "$1"
}
