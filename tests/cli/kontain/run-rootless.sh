# kontain run as a user who is not root: a network by pasta, by slirp4netns, or none; nothing is left.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
need_kvm
[ "$(id -u)" -eq 0 ] || skip "to become another user takes root"
for program in pasta slirp4netns setpriv curl; do command -v $program >/dev/null || skip "there is no $program"; done
if [ "${KONTAIN_INSIDE:-}" != 1 ]; then
  exec env KONTAIN_INSIDE=1 unshare --mount --net --propagation private bash "$0"
fi
ip link set lo up
ip link add name host0 type veth peer name host1
ip link set dev host1 up
ip address add 192.0.2.1/24 dev host0
ip link set dev host0 up
ip route add default via 192.0.2.254
mount -t tmpfs -o mode=755 none /mnt
for device in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0 kvm:10:232 net/tun:10:200; do
  mkdir -p "/mnt/$(dirname "${device%%:*}")"
  mknod -m 666 "/mnt/${device%%:*}" c "$(echo "$device" | cut -d: -f2)" "${device##*:}"
done
mkdir /mnt/pts /mnt/shm
ln -s /proc/self/fd /mnt/fd
mount --bind /dev/pts /mnt/pts
mount --move /mnt /dev
. "$KONTAIN_SOURCE/tests/cli/kontain/lib.sh"
chmod 755 .
mkdir home run
# Reachable for that user, and nothing that a test could remove.
mount -t tmpfs -o mode=755 none /opt
mkdir /opt/kontain
mount --bind -o ro "$KONTAIN_SDK" /opt/kontain
chown 65534:65534 home run
PATH=/opt/kontain/bin:$PATH
kontain-gcc -O1 -static -o probe "$KONTAIN_SOURCE/tests/cli/kontain/payloads/probe.c"
kontain-g++ -O1 -o server "$KONTAIN_SOURCE/examples/web-server/server.cc"
as_user() {
  setpriv --reuid 65534 --regid 65534 --clear-groups env -i HOME="$workdir/home" XDG_RUNTIME_DIR="$workdir/run" PATH="$PATH" "$@"
}

# ours NAME,...: the processes of that name in this mount namespace, where nobody else's are.
ours() {
  local pid
  for pid in $(ps -o pid= -C "$1"); do
    [ "$(readlink "/proc/$pid/ns/mnt" || true)" != "$(readlink /proc/self/ns/mnt)" ] || echo "$pid"
  done
}
helpers() { ours pasta,pasta.avx2,slirp4netns,cat; }

expect_status 7 as_user kontain run --network none probe exit 7
expect_status 0 as_user kontain run --network none probe environment
expect_contains out "uid=0"
expect_status 7 as_user kontain run probe exit 7
expect_status 125 as_user kontain run --network bridge probe exit 0
one_line_error "--network: bridge: needs root"
expect_status 125 as_user kontain run -m 64m probe exit 0
expect_status 0 as_user kontain run -d --name web -p 8080:80 server 80
curl --silent --show-error --max-time 10 --retry 20 --retry-all-errors --retry-delay 1 http://127.0.0.1:8080/ >page
expect_contains page "hello from a kontainer"
expect_status 0 as_user kontain logs web
expect_contains out listening
expect_status 0 as_user kontain rm -f web
# What listens on the host's loopback only is not for kontainers, by whatever address.
python3 -m http.server --bind 127.0.0.1 9090 >host.log 2>&1 &
host_server=$!
curl --silent --output /dev/null --retry 20 --retry-all-errors --retry-delay 1 http://127.0.0.1:9090/
for address in 192.0.2.254 127.0.0.1; do
  expect_status 1 as_user kontain run probe connect "$address" 9090
done
kill "$host_server"
wait "$host_server" || true
# The host's name server is, although it listens on the loopback, as systemd-resolved's does.
name_server 127.0.0.53
host_resolvers /etc/resolv.conf "nameserver 127.0.0.53" "options timeout:2" "search example.org"
for network in pasta slirp4netns; do
  expect_status 0 as_user kontain run --network "$network" probe address some.name
  expect_equal "$(cat out)" 192.0.2.77 "an address by the host's name server, through $network"
  expect_status 0 as_user kontain run --network "$network" probe read /etc/resolv.conf
  expect_contains out "search example.org"
done
expect_status 0 as_user kontain run --dns 192.0.2.53 probe read /etc/resolv.conf
expect_equal "$(head -n 1 out)" "nameserver 192.0.2.53" "the chosen name server"
kill "$name_server"
wait "$name_server" || true
# The port is free again at once. Stopped from outside, and its network with it; so is that of one whose starter is killed.
expect_status 0 as_user kontain run -d --name web -p 8080:80 server 80
expect_status 0 as_user kontain stop web
expect_status 0 as_user kontain rm web
expect_status 0 as_user kontain run -d --name web -p 8080:80 server 80
starter=$(ours kontain | head -n 1)
kill -KILL "$starter"
expect_status 0 as_user kontain rm -f web
nothing_runs() {
  for _ in $(seq 100); do [ -n "$(helpers)" ] || break; sleep 0.05; done
  expect_equal "$(helpers)" "" "helpers of $1 that are left"
}
nothing_runs pasta

# The same by slirp4netns; also when that is all there is.
expect_status 7 as_user kontain run --network slirp4netns probe exit 7
expect_status 0 as_user kontain run -d --name web --network slirp4netns -p 127.0.0.1:8080:80 server 80
curl --silent --show-error --max-time 10 --retry 20 --retry-all-errors --retry-delay 1 http://127.0.0.1:8080/ >page
expect_contains page "hello from a kontainer"
[ -n "$(helpers)" ] || fail "no helper is seen while one runs"
expect_status 125 as_user kontain run -d --name other --network slirp4netns -p 127.0.0.1:8080:80 server 80
expect_contains err "--publish: 127.0.0.1:8080/tcp: "
expect_status 0 as_user kontain rm -f web
nothing_runs slirp4netns
expect_status 0 as_user kontain run -d --name web --network slirp4netns -p 8080:80 server 80
starter=$(ours kontain | head -n 1)
kill -KILL "$starter"
expect_status 0 as_user kontain rm -f web
nothing_runs slirp4netns
mount --bind /dev/null "$(readlink -f "$(command -v pasta)")"
expect_status 125 as_user kontain run --network pasta probe exit 7
one_line_error "network: pasta: is not installed (package passt)"
expect_status 7 as_user kontain run -p 8080:80 probe exit 7
mount --bind /dev/null "$(command -v slirp4netns)"
expect_status 125 as_user kontain run probe exit 7
one_line_error "network: pasta: is not installed (package passt), and neither is slirp4netns"
expect_status 7 as_user kontain run --network none probe exit 7
expect_equal "$(find home -path '*/run/*' -mindepth 1 ! -name .lock)" "" "what is left"
expect_equal "$(find run -mindepth 2 -name '*web*')" "" "what is left of krun's"
