#!/usr/bin/env bash
# Runs every libFuzzer target for 5 minutes, or for its share of 25 minutes when there are many. A target fuzz_X starts
# from what the program X_seeds writes, when there is one; corpora stay in build/fuzz/corpus for the next run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
./dev build --preset fuzz
mapfile -t targets < <(find build/fuzz -type f -executable -name 'fuzz_*' -not -path '*/CMakeFiles/*' | sort)
[ ${#targets[@]} -gt 0 ] || { echo "no fuzz target was built" >&2; exit 1; }
seconds=$((1500 / ${#targets[@]}))
[ "$seconds" -le 300 ] || seconds=300
for target in "${targets[@]}"; do
  name=$(basename "$target")
  corpus="build/fuzz/corpus/$name"
  mkdir -p "$corpus"
  seeds="$(dirname "$target")/${name#fuzz_}_seeds"
  [ ! -x "$seeds" ] || "$seeds" "$corpus"
  echo "== $name for $seconds s"
  "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="build/fuzz/" "$corpus"
done
