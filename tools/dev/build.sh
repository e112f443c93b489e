# Sourced by ./dev: building, and the demonstration.
# shellcheck shell=bash disable=SC2154

# build_preset PRESET [TARGET...]
build_preset() {
  local preset=$1 targets=()
  shift
  [ $# -eq 0 ] || targets=(--target "$@")
  cmake --preset "$preset" --log-level=WARNING >&2
  cmake --build "build/$preset" -j "$jobs" "${targets[@]}" >&2
}

run_build() {
  local preset=dev
  case "${1:-}" in
    "") ;;
    --preset) preset=${2:?"./dev build --preset needs a name"} ;;
    --preset=*) preset=${1#--preset=} ;;
    *) die "build: no such option: $1" ;;
  esac
  install_packages
  build_preset "$preset"
  [ "$preset" != dev ] || echo "./dev: the SDK is in build/sdk" >&2
}

run_demo() {
  local scratch
  install_packages
  build_preset dev
  scratch=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "rm -rf '$scratch'" EXIT
  cp examples/hello/hello.c "$scratch/"
  (
    cd "$scratch" || exit
    PATH="$sdk/bin:$PATH"
    echo "\$ kontain-gcc -o hello.km hello.c"
    kontain-gcc -o hello.km hello.c
    echo "\$ km hello.km"
    km hello.km
  )
  echo
  echo "kontain-gcc compiled that C program against the SDK's own libc; km ran it as the only tenant of a virtual machine,"
  echo "with no guest operating system: the program's system calls left the VM one by one and km answered them."
}
