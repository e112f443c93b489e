# Sourced by ./dev: formatting and static checks.
# shellcheck shell=bash disable=SC2154

# sources PATTERN...: the repository's files, new ones too, that match and exist; NUL-separated.
sources() {
  local file
  git ls-files -z --cached --others --exclude-standard -- "$@" | sort -zu | while IFS= read -r -d '' file; do
    [ ! -f "$file" ] || printf '%s\0' "$file"
  done
}

run_fmt() {
  local mode=(-i)
  case "${1:-}" in
    "") ;;
    --check) mode=(--dry-run -Werror) ;;
    *) die "fmt: no such option: $1" ;;
  esac
  install_packages
  sources '*.h' '*.cc' '*.c' | xargs -0 -r -n 40 -P "$jobs" clang-format-19 "${mode[@]}"
}

check_shell() { sources dev .ci/run '*.sh' | xargs -0 -r shellcheck -x -S warning; }

# What is shipped; tests are compiled with warnings as errors and need no second opinion.
check_tidy() {
  python3 - <<'END' | xargs -0 -r -n 4 -P "$jobs" clang-tidy-19 -p build/dev --quiet
import json, os
files = {entry["file"] for entry in json.load(open("build/dev/compile_commands.json"))}
for path in sorted(os.path.relpath(file) for file in files):
    if path.split("/")[0] in ("base", "cli", "imagebuild", "km", "krun", "linker", "toolchain") and path.endswith(".cc"):
        print(path, end="\0")
END
}

# Runs every check even when one fails, and names those that did.
run_check() {
  local failed=() name
  install_packages
  build_preset dev
  for name in "run_fmt --check" check_tidy "python3 tests/unit/layers/check_layers.py ." check_shell; do
    echo "== $name"
    # Unquoted: a name may carry an argument.
    $name || failed+=("$name")
  done
  [ ${#failed[@]} -eq 0 ] || { printf 'failed: %s\n' "${failed[@]}"; return 1; }
  echo "all checks passed"
}
