# Sourced by ./dev: the long suites of tests/suites.txt, one by one, resumable.
# shellcheck shell=bash disable=SC2154

suite_list="tests/suites.txt"
suite_dir="build/full"
ledger="$suite_dir/ledger.tsv"
suite_limit_seconds=1800

suite_names() { sed -n 's/^\([a-z0-9-]*\)|.*/\1/p' "$suite_list"; }
# suite_field NAME N: 2 is the command, 3 the description.
suite_field() { awk -F'|' -v name="$1" -v n="$2" '$1 == name { print $n }' "$suite_list"; }

# The commit under test; with uncommitted changes a name of its own that no ledger entry resumes from.
tested_commit() {
  local commit
  commit=$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
  [ -z "$(git status --porcelain 2>/dev/null || echo unknown)" ] || commit="$commit+changes"
  echo "$commit"
}

passed_before() {
  [[ "$2" != *+changes ]] && [ -f "$ledger" ] &&
    awk -F'\t' -v name="$1" -v commit="$2" '$1 == name && $2 == commit { last = $3 } END { exit last != "passed" }' "$ledger"
}

# The last ledger line of a suite in words.
last_result() {
  [ ! -f "$ledger" ] || awk -F'\t' -v name="$1" '$1 == name { last = $3 " in " $4 " s at " $2 ", " $5 } END { print last }' "$ledger"
}

list_suites() {
  local name result
  for name in $(suite_names); do
    result=$(last_result "$name")
    printf '%-12s %s (%s)\n' "$name" "$(suite_field "$name" 3)" "${result:-never run here}"
  done
}

# run_suite NAME COMMIT: sets suite_result to passed, failed or skipped and writes the ledger.
run_suite() {
  local name=$1 log="$suite_dir/$1.log" start status=0 pid
  start=$(date +%s)
  timeout --kill-after=30 "$suite_limit_seconds" bash -c "$(suite_field "$name" 2)" >"$log" 2>&1 </dev/null &
  pid=$!
  # timeout has a process group of its own, which the terminal's interrupt does not reach.
  trap 'kill "$pid" 2>/dev/null || true; exit 130' INT TERM
  wait "$pid" || status=$?
  trap - INT TERM
  case "$status" in
    0) suite_result=passed ;;
    77) suite_result=skipped ;;
    *) suite_result=failed ;;
  esac
  local seconds=$(($(date +%s) - start))
  printf '%s\t%s\t%s\t%s\t%s\n' "$name" "$2" "$suite_result" "$seconds" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >>"$ledger"
  echo "$name: $suite_result in $seconds s (log: $log)"
  [ "$suite_result" = passed ] || tail -n 40 "$log"
  [ "$status" -ne 124 ] || echo "$name: stopped after $suite_limit_seconds s"
}

run_suites() {
  local names=() name commit passed=0 failed=0 skipped=0 suite_result named=0
  if [ "${1:-}" = --list ]; then
    list_suites
    return
  fi
  install_packages
  if [ $# -gt 0 ]; then
    names=("$@")
    named=1
  else
    mapfile -t names < <(suite_names)
  fi
  for name in "${names[@]}"; do
    [ -n "$(suite_field "$name" 2)" ] || die "no such suite: $name (./dev test --full --list)"
  done
  mkdir -p "$suite_dir"
  commit=$(tested_commit)
  for name in "${names[@]}"; do
    if [ "$named" -eq 0 ] && passed_before "$name" "$commit"; then
      echo "$name: passed before at $commit"
      suite_result=passed
    else
      run_suite "$name" "$commit"
    fi
    case "$suite_result" in
      passed) passed=$((passed + 1)) ;;
      failed) failed=$((failed + 1)) ;;
      skipped) skipped=$((skipped + 1)) ;;
    esac
  done
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ] && [ $((passed + skipped)) -gt 0 ]
}
