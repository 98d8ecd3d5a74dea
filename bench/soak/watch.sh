# What the server has now, how it went, and whether that is well. Sourced by bench/soak.sh.

memory() { awk '/^Pss:/ { print int($2 / 1024) }' "/proc/$server/smaps_rollup"; }
descriptors() { ls "/proc/$server/fd" | wc -l; }
threads() { ls "/proc/$server/task" | wc -l; }
children() { pgrep -c -P "$server" || true; }
# What a push leaves behind that did not end, and what git or the server make for a while. Not gc.log nor locks that are files of ours for ever.
temporary() { find "$work/root" "$work/data" \( -name 'tmp_*' -o -name 'incoming-*' -o -name 'quarantine-*' -o -name '*.lock' -o -name '*.new' -o -path '*/run/pushes/*' \) -not -path '*/audit/*' | wc -l; }
disk() { find "$work/data" -type f -not -path '*/audit/*' | wc -l; }

# settle: once the load has ended, waits until nothing runs any more, and says: memory, descriptors, threads, children, temporary files, files.
settle() {
  local _
  for _ in $(seq 120); do [ "$(children)" = 0 ] && break; sleep 0.5; done
  # The last connections are closed by their time limit; the heap is trimmed when the runtime finds time.
  sleep 15
  echo "$(memory) $(descriptors) $(threads) $(children) $(temporary) $(disk)"
}

watch_server() {
  while kill -0 "$server" 2>/dev/null; do
    printf '%s\t%s\t%s\t%s\t%s\n' "$(date +%s)" "$(memory)" "$(descriptors)" "$(threads)" "$(children)" >>"$work/watch.tsv"
    sleep 2
  done
}

# verdict REST AFTER
verdict() {
  local rest=($1) after=($2) problems=() middle last repository load
  kill -0 "$server" 2>/dev/null || problems+=("the server has ended")
  [ ! -s "$work/failures.log" ] || problems+=("$(wc -l <"$work/failures.log") operations went wrong; the first: $(head -1 "$work/failures.log")")
  for load in clone listing push "refused push" refusals revocation leaving; do grep -qx "$load" "$work/done.log" || problems+=("no $load was done"); done
  # Under load: the last third against the second, after the caches have filled in the first.
  read -r middle last < <(python3 - "$work/watch.tsv" <<'PY'
import statistics, sys
memory = [int(line.split("\t")[1]) for line in open(sys.argv[1])]
third = max(1, len(memory) // 3)
print(int(statistics.median(memory[third:2 * third] or memory)), int(statistics.median(memory[-third:])))
PY
  )
  [ "$last" -le $((middle + middle / 10 + 8)) ] || problems+=("memory grows under load: $middle MB in the second third, $last MB in the last")
  [ "${after[1]}" -le $((rest[1] + 8)) ] || problems+=("descriptors: ${rest[1]} before, ${after[1]} after")
  [ "${after[2]}" -le $((rest[2] + 8)) ] || problems+=("threads: ${rest[2]} before, ${after[2]} after")
  [ "${after[3]}" = 0 ] || problems+=("${after[3]} git processes are left")
  [ "${after[4]}" = 0 ] || problems+=("${after[4]} temporary files are left, for instance $(find "$work/root" "$work/data" \( -name 'tmp_*' -o -name 'incoming-*' -o -name '*.lock' -o -path '*/run/pushes/*' \) -not -path '*/audit/*' | head -1)")
  [ "${after[5]}" -le $((rest[5] + 4)) ] || problems+=("files in the data folder: ${rest[5]} before, ${after[5]} after")
  for repository in "$work"/root/bench/{pushed,chain,medium}.git; do
    git -C "$repository" -c safe.directory='*' fsck --connectivity-only >"$work/fsck.log" 2>&1 || problems+=("$repository is not whole: $(tail -1 "$work/fsck.log")")
  done
  "$portcullis" audit verify --config "$work/portcullis.yaml" >"$work/audit.log" 2>&1 || problems+=("the audit log is not whole: $(tail -1 "$work/audit.log")")

  printf '\n| | before | after |\n|---|---|---|\n'
  printf '| memory, MB (under load: %s, at its highest %s) | %s | %s |\n' "$last" "$(awk '/VmHWM/ { print int($2 / 1024) }' "/proc/$server/status")" "${rest[0]}" "${after[0]}"
  printf '| descriptors | %s | %s |\n| threads | %s | %s |\n| git processes | %s | %s |\n| temporary files | %s | %s |\n| files in the data folder | %s | %s |\n' \
    "${rest[1]}" "${after[1]}" "${rest[2]}" "${after[2]}" "${rest[3]}" "${after[3]}" "${rest[4]}" "${after[4]}" "${rest[5]}" "${after[5]}"
  printf '\ndone: %s\n' "$(sort "$work/done.log" | uniq -c | sort -rn | awk '{ n = $1; $1 = ""; printf "%s%s:%s", s, n, $0; s = ", " }')"
  if [ ${#problems[@]} -gt 0 ]; then
    printf 'FAILED: %s\n' "${problems[@]}"
    return 1
  fi
  echo "passed"
}
