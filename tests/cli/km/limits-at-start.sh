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
run bash -c 'ulimit -n 40; exec "$0" ./hello' "$km"
expect_status 125 bash -c 'ulimit -n 20; exec "$0" ./hello' "$km"
one_line_error "limit of 20 (ulimit -n)"
