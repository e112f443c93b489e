# Simple clients of a server that runs natively: a download, a raw connection, a resolver of /etc/hosts.
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
mkdir served
touch server.out
seq 1 100000 >served/numbers
python3 -u -m http.server --bind 127.0.0.1 --directory served 0 >server.out 2>/dev/null &
server=$!
trap 'kill "$server"; wait "$server" || true; rm -rf "$workdir"' EXIT
for _ in $(seq 100); do
  port=$(sed -n 's/^Serving HTTP on .* port \([0-9]*\) .*/\1/p' server.out)
  [ -z "$port" ] || break
  sleep 0.1
done
[ -n "$port" ] || fail "the server does not start"
run_both /bin/busybox wget -q -O - "http://127.0.0.1:$port/numbers"
cmp km.out served/numbers
run_both /bin/busybox wget -q -O - "http://127.0.0.1:$port/missing"
# The answer has the time in it: not compared.
printf 'HEAD /numbers HTTP/1.0\r\n\r\n' >request
"$km" /bin/busybox nc 127.0.0.1 "$port" <request >answer
expect_contains answer "Content-Length: $(stat -c %s served/numbers)"
run_both /usr/bin/python3 -c '
import socket, sys, urllib.request
print(len(urllib.request.urlopen(sys.argv[1]).read()), socket.gethostbyname("localhost"))
' "http://127.0.0.1:$port/numbers"
# Nobody listens there any more.
kill "$server"
wait "$server" || true
trap 'rm -rf "$workdir"' EXIT
run_both /bin/busybox wget -q -O - "http://127.0.0.1:$port/numbers"
