# Sourced by ./dev: the tests of one build.
# shellcheck shell=bash disable=SC2154

# run_test [REGEX] | --full ...: the last line on stdout is `N passed, N failed, N skipped`.
run_test() {
  local junit="$source_dir/build/dev/junit.xml" status=0 selection=()
  if [ "${1:-}" = --full ]; then
    shift
    run_suites "$@"
    return
  fi
  case "${1:-}" in
    -*) die "test: no such option: $1" ;;
    "") ;;
    *) selection=(-R "$1") ;;
  esac
  install_packages
  build_preset dev
  rm -f "$junit"
  ctest --test-dir build/dev -j2 --output-on-failure --no-tests=error --output-junit "$junit" "${selection[@]}" ||
    status=$?
  python3 tools/dev/junit_summary.py "$junit" "$status"
}
