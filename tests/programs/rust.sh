# A Rust server with threads, its clients, panics, channels and child processes; built by Debian's rustc.
# shellcheck shell=bash
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
/usr/bin/rustc --edition 2021 -O -o server "$payloads/server.rs"
serve() { "${run[@]}" ../server 2>&1; }
both_ways serve
expect_contains native.out "ended"
if [ "${1:-}" = full ]; then
  build_in_vm() {
    "${run[@]}" /usr/bin/rustc --edition 2021 -C opt-level=1 -C codegen-units=4 -o server "$payloads/server.rs"
    "${run[@]}" ./server 2>&1
  }
  limit=900
  both_ways build_in_vm
fi
