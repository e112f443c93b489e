#!/bin/bash
# complete.sh TREE: no folder of examples/ without README.md, `expected` and its name in tests/examples/CMakeLists.txt.
set -euo pipefail
status=0
for folder in "$1"/examples/*/; do
  name=$(basename "$folder")
  for file in README.md expected; do
    [ -s "$folder$file" ] || { echo "examples/$name: there is no $file"; status=1; }
  done
  grep -qw -- "$name" "$1/tests/examples/CMakeLists.txt" || { echo "examples/$name: no test runs it"; status=1; }
done
exit $status
