# A Go server with many goroutines and its clients: linked statically, and with cgo; in the long form also built in a VM.
# shellcheck shell=bash
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
go=/usr/bin/go
export GOCACHE=${XDG_CACHE_HOME:-$HOME/.cache}/kontain/go-build GO111MODULE=off GOPATH=$workdir/go GOFLAGS=-p=2
CGO_ENABLED=0 "$go" build -o static "$payloads/server.go"
CGO_ENABLED=1 "$go" build -o with-cgo "$payloads/server.go"
serve() { "${run[@]}" "../$1" 2>&1; }
for program in static with-cgo; do
  both_ways serve "$program"
  expect_contains native.out "ended"
done

# Stopped from outside, by the signal that it handles.
stopped() {
  "${run[@]}" ../static serve >log &
  local server=$! port
  port=$(port_of log)
  "${run[@]}" /usr/bin/curl -sS "http://127.0.0.1:$port/sum?n=1000"
  kill -TERM "$server"
  expect_exit "$server" 0 server
  grep -v '^port' log
}
both_ways stopped

if [ "${1:-}" = full ]; then
  build_in_vm() {
    mkdir cache
    GOCACHE=$PWD/cache CGO_ENABLED=0 "${run[@]}" "$go" build -trimpath -o hello "$payloads/hello.go"
    sha256sum hello
    "${run[@]}" ./hello
    "${run[@]}" "$go" vet "$payloads/hello.go"
  }
  limit=900
  both_ways build_in_vm
fi
