# kontain run as root, in a network of the test's own: what is asked for is there inside, and nothing is left outside,
# whatever is killed.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
need_kvm
[ "$(id -u)" -eq 0 ] || skip "the bridge takes root"
for program in ip iptables curl busybox; do command -v $program >/dev/null || skip "there is no $program"; done
if [ "${KONTAIN_INSIDE:-}" != 1 ]; then
  exec env KONTAIN_INSIDE=1 unshare --mount --net --propagation private bash "$0"
fi
ip link set lo up
mkdir -p /var/lib/kontain
for place in /run /var/lib/kontain; do mount -t tmpfs none "$place"; done
. "$KONTAIN_SOURCE/tests/cli/kontain/lib.sh"
records=/var/lib/kontain/run
end_all() {
  local folder
  for folder in "$records"/*; do "$kontain" rm -f "${folder##*/}" >/dev/null 2>&1 || true; done
  cd /
  rm -rf "$workdir"
}
trap end_all EXIT
nothing_left() {
  expect_equal "$(find "$records" -mindepth 1 -maxdepth 1 ! -name .lock -printf %f)" "$1" "records that are left"
  expect_equal "$(ip -o link | grep -c kontain || true)" 0 "interfaces that are left"
  expect_equal "$(ip netns list)" "" "network namespaces that are left"
  expect_equal "$(iptables -t nat -S | grep -c -e kontain -e 10.61 || true)" 0 "rules that are left"
  expect_equal "$("$KONTAIN_SDK/bin/krun" --root /run/kontain-run list -q)" "" "containers that are left"
  [ -z "$(find /sys/fs/cgroup -maxdepth 4 -type d -name "kontain-t$$")" ] || fail "a cgroup is left"
}
"$KONTAIN_SDK/bin/kontain-gcc" -O1 -static -o probe "$KONTAIN_SOURCE/tests/cli/kontain/payloads/probe.c"

# A program: its status, its arguments although they look like options, its environment, its place.
expect_status 7 "$kontain" run --network none probe exit 7
expect_status 0 "$kontain" run --network none probe print --name -v x
expect_equal "$(cat out)" "--name|-v|x|" arguments
expect_status 0 env B=two "$kontain" run --network none -e A=one -e B -e C --hostname box -w /tmp probe environment
expect_contains out "A=one"
expect_contains out "B=two"
expect_contains out "HOSTNAME=box"
if grep -q '^C=' out; then fail "a variable that is not set"; fi
expect_contains out "cwd=/tmp"
expect_contains out "uid=0"
expect_contains out "release=.kontain"
expect_status 0 "$kontain" run --network none -u 1000:100 probe environment
expect_contains out "uid=1000"
echo input | "$kontain" run -i --network none probe copy >out
expect_equal "$(cat out)" input "standard input"
expect_equal "$(echo input | "$kontain" run --network none probe copy)" "" "standard input without -i"

# A terminal of its own, as large as the one outside.
expect_status 0 script --quiet --return --command "stty rows 33 cols 77; '$kontain' run -it --network none probe terminal" typescript </dev/null
expect_contains out " of 33 rows, 77 columns"
expect_status 1 "$kontain" run -i --network none probe terminal

# Files of the host, and limits.
mkdir shared
echo outside >shared/file
expect_status 0 "$kontain" run --network none -v shared:/in:ro probe read /in/file
expect_equal "$(cat out)" outside "a volume"
expect_status 1 "$kontain" run --network none -v shared:/in:ro probe write /in/file
expect_status 0 "$kontain" run --network none -v shared:/in probe write /in/new
[ -s shared/new ] || fail "nothing was written to a volume"
expect_status 1 "$kontain" run --network none --read-only probe write /new
expect_status 0 "$kontain" run --network none probe write /new
expect_status 137 "$kontain" run --network none -m 64m probe fill 200
expect_status 0 "$kontain" run --network none -m 512m probe fill 200

# What is refused, before anything is made.
while IFS='|' read -r words text; do
  # shellcheck disable=SC2086
  expect_status 125 "$kontain" run $words
  one_line_error "$text"
done <<'T'
-p 80:x probe|--publish: 80:x: [ADDRESS:]PORT:PORT[/udp] is expected
-p 80 --network none probe|--publish: needs --network bridge, pasta or slirp4netns
-v nothing:/x probe|nothing: No such file or directory
--dns name.server probe|--dns: name.server: is no address
-t probe|--tty: standard input is no terminal
-m much probe|--memory: much: a size is expected: 64m, 2g
--network mesh probe|--network: mesh: auto, none, host, bridge, pasta or slirp4netns is expected
--name ../x probe|--name: ../x: 1 to 64 letters, digits and _.- are expected
-d -i probe|--detach: goes with neither -i nor -t
-u nobody-at-all probe|--user: nobody-at-all: the image has no such user
/bin/bash|/bin/bash: needs libraries: put it into an image with them, or run it in this file system with km
T
expect_status 127 "$kontain" run --network none --entrypoint /nothing probe
nothing_left ""

# The bridge: a port of the host leads inside, the log keeps the output, others are reached by name.
id=t$$
"$KONTAIN_SDK/bin/kontain-g++" -O1 -o server "$KONTAIN_SOURCE/examples/web-server/server.cc"
expect_status 0 "$kontain" run -d --name "$id" -p 8080:80 -p 127.0.0.1:8081:80 server 80
expect_equal "$(cat out)" "$id" "the id"
own=$(sed -n "s/\t$id\$//p" "$records/$id/hosts")
get() { curl --silent --show-error --max-time 5 --retry 20 --retry-connrefused --retry-delay 1 "$1"; }
for address in 127.0.0.1:8080 127.0.0.1:8081 "$own:80" 10.61.0.1:8080; do
  get "http://$address/" | grep -q "hello from a kontainer" || fail "no answer at $address"
done
expect_status 0 "$kontain" logs "$id"
expect_contains out listening
expect_equal "$("$kontain" ps --json | jq -r ".[] | select(.id == \"$id\") | .image")" server "image in ps"
[ "$("$kontain" ps --json | jq -r ".[] | select(.id == \"$id\") | .memory_bytes")" -gt 1000000 ] || fail "no memory in ps"
expect_status 125 "$kontain" run --name "$id" probe exit 0
one_line_error "--name: $id: is in use"
expect_status 125 "$kontain" rm "$id"
one_line_error "$id: is running: stop it, or use --force"
expect_status 0 "$kontain" run probe connect "$id" 80
expect_status 0 "$kontain" stop "$id"
for _ in $(seq 100); do [ -e "$records/$id/rootfs" ] || break; sleep 0.1; done
expect_status 0 "$kontain" logs -f "$id"
expect_contains out listening
nothing_left "$id"
expect_status 0 "$kontain" rm "$id"
expect_status 125 "$kontain" logs "$id"
one_line_error "$id: was not started by kontain run, or has been removed"
nothing_left ""

# Name servers on the host's loopback, where the bridge does not lead: those behind systemd-resolved, and those chosen.
host_resolvers /etc/resolv.conf "nameserver 127.0.0.53" "search example.org"
expect_status 0 "$kontain" run probe read /etc/resolv.conf
expect_equal "$(cat out)" "search example.org" "no name server that can be reached"
one_line_error "kontain: warning: the host's name server listens on a loopback address"
mkdir -p /run/systemd/resolve
echo "nameserver 10.61.0.1" >/run/systemd/resolve/resolv.conf
# The bridge is there as long as somebody is on it, and so is its address.
expect_status 0 "$kontain" run -d --name "$id" server 80
name_server 10.61.0.1
expect_status 0 "$kontain" run probe address some.name
expect_equal "$(cat out)" 192.0.2.77 "an address by the servers behind systemd-resolved"
expect_equal "$(cat err)" "" "words about name servers"
rm /run/systemd/resolve/resolv.conf
expect_status 0 "$kontain" run --dns 10.61.0.1 probe address some.name
expect_equal "$(cat out)" 192.0.2.77 "an address by the chosen name server"
kill "$name_server"
wait "$name_server" || true
expect_status 0 "$kontain" rm -f "$id"
umount /etc/resolv.conf
nothing_left ""

# A program that cannot start says so, in the background too.
expect_status 125 "$kontain" run -d --network none --entrypoint /nothing probe
one_line_error "no such file or directory"
nothing_left ""

# Killed: whatever process it was, the next command clears away.
expect_status 0 "$kontain" run -d --name "$id" -p 8080:80 server 80
attending=$(fuser "$records/$id/lock" 2>/dev/null | tr -d ' ')
kill -KILL $attending
flock --timeout 10 "$records/$id/lock" true || fail "one that is killed keeps its record"
expect_status 0 "$kontain" run --network none probe exit 0
nothing_left "$id"
expect_status 0 "$kontain" rm "$id"
"$kontain" run --name "$id" -p 8080:80 server 80 >killed.log 2>&1 &
foreground=$!
for _ in $(seq 100); do grep -q listening killed.log && break; sleep 0.1; done
kill -KILL "$foreground"
wait "$foreground" || true
expect_status 125 "$kontain" rm nothing
nothing_left ""
"$kontain" run --name "$id" -p 8080:80 server 80 >ended.log 2>&1 &
foreground=$!
for _ in $(seq 100); do grep -q listening ended.log && break; sleep 0.1; done
kill -TERM "$foreground"
status=0
wait "$foreground" || status=$?
expect_equal "$status" 0 "the server's status after SIGTERM"
nothing_left ""
