# The payload's address ranges are had under every limit that can be lifted; the one that cannot is named.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
payload hello
wanted='hello from ./hello with 0 arguments'
run() { expect_status 0 "$@"; expect_equal "$(cat out)" "$wanted" "$*"; }
run "$km" ./hello
run bash -c 'ulimit -S -s unlimited; exec "$0" ./hello' "$km"
run setarch -L "$km" ./hello
run setarch -R "$km" ./hello
run bash -c 'ulimit -S -v 8000000; exec "$0" ./hello' "$km"
run bash -c 'ulimit -S -s unlimited; ulimit -S -v 8000000; exec setarch -L "$0" ./hello' "$km"
expect_status 125 bash -c 'ulimit -v 8000000; exec "$0" ./hello' "$km"
one_line_error "ulimit -v"
# The payload sees what was set, not what km needs; and so does what it executes.
sees() {
  local wanted=$1 words=$2
  shift 2
  expect_status 0 bash -c "$words; exec \"\$0\" \"\$@\"" "$km" "$@"
  expect_equal "$(cat out)" "$wanted" "$words: $*"
}
sees unlimited 'ulimit -S -s unlimited' /bin/bash -c 'ulimit -s'
sees unlimited 'ulimit -S -s unlimited' /bin/bash -c '/bin/bash -c "ulimit -s"; :'
sees 8000000 'ulimit -S -v 8000000' /bin/bash -c 'ulimit -S -v'
sees 'unlimited 8000000' 'ulimit -S -s unlimited; ulimit -S -v 8000000' /bin/bash -c 'echo $(ulimit -s) $(ulimit -S -v)'
sees 8192 'ulimit -S -s 8192' /bin/bash -c 'ulimit -s'
sees '' 'ulimit -S -s unlimited' /bin/bash -c 'env | grep KM_ | grep -v ^KM_REQUIRE_KVM || true'
# The stack is as large as the payload's limit says, not as large as km's own.
payload deep
sees 1 'ulimit -S -s unlimited' ./deep
run bash -c 'ulimit -n 40; exec "$0" ./hello' "$km"
expect_status 125 bash -c 'ulimit -n 20; exec "$0" ./hello' "$km"
one_line_error "limit of 20 (ulimit -n)"
