# Node 20: worker threads, child processes, an HTTP server and its clients, files, compression, WebAssembly.
# shellcheck shell=bash
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
need_program npm # it fetches the pinned Node
node=$("$KONTAIN_SOURCE/tests/programs/fetch-node.sh")/bin/node
unset NODE_OPTIONS
limit=300
part() { "${run[@]}" "$node" "$payloads/node/$1.js" 2>&1; }
for name in language threads processes network cluster; do
  both_ways part "$name"
  expect_contains native.out "$name ended"
done
crash() {
  local status=0
  { "${run[@]}" "$node" "$@"; } >out 2>&1 || status=$?
  grep -oE '^(Error|RangeError|TypeError).*|heap out of memory' out | head -n 1 || true
  echo "status $status"
}
both_ways crash -e 'throw new Error("seen")'
both_ways crash -e 'function f() { f(); } f();'
both_ways crash --max-old-space-size=40 -e 'const all = []; for (;;) all.push(new Array(10000).fill({}));'
both_ways crash -e 'process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 30000)'
