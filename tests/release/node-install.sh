#!/bin/bash
# node-install.sh [ARCHIVE]: a release installed on a Kubernetes node as the DaemonSet's pod does it. The node is a root file
# system of Debian's minbase with containerd, which runs in it; the pod is this script.
. "$(dirname "$0")/chroot.sh"
begin_machine "${1:-}" "node containerd python3 busybox-static curl"
make_chroot node
mkdir -p "$root/var/lib/containerd"
mount -t tmpfs none "$root/var/lib/containerd"

# What systemd would do on a node.
cat >"$root/restart" <<'T'
#!/bin/sh
if [ -e /run/containerd.pid ]; then
  kill "$(cat /run/containerd.pid)"
  while kill -0 "$(cat /run/containerd.pid)" 2>/dev/null; do sleep 0.1; done
fi
containerd >/run/containerd.log 2>&1 </dev/null &
echo $! >/run/containerd.pid
for _ in $(seq 100); do ctr version >/dev/null 2>&1 && exit; sleep 0.1; done
tail -n 20 /run/containerd.log >&2
exit 1
T
chmod 755 "$root/restart"
node() { env NODE_ROOT="$root" NODE_RESTART=/restart KONTAIN_RELEASE="$archive" sh "$KONTAIN_SOURCE/contrib/node-install.sh" "$@"; }
inside /restart
# The node but for what its containerd, which runs all the time, keeps for itself.
snapshot_node() { snapshot_root | grep -v -e ' var/lib/containerd' -e ' opt/containerd'; }
snapshot_node >before

echo "== what is refused"
expect_status 1 env NODE_ROOT="$root" sh "$KONTAIN_SOURCE/contrib/node-install.sh" install
expect_contains err "KONTAIN_RELEASE: is not set"
expect_status 1 node upgrade
mv "$root/dev/kvm" "$root/dev/kvm.away"
expect_status 1 node install
expect_contains err "the node has no /dev/kvm"
mv "$root/dev/kvm.away" "$root/dev/kvm"
snapshot_node | diff before - || fail "a refusal changed the node"

echo "== the lines of the documents, on the node itself"
document_lines() { python3 "$KONTAIN_SOURCE/tests/docs/one_shell.py" "$KONTAIN_SOURCE/$1" tests/release/node-install.sh; }
tar -xzf "$archive" -C "$root/tmp"
{
  echo 'systemctl() { /restart; }; cd /tmp/kontain-*'
  document_lines docs/guide/kubernetes.md
} >"$root/tmp/by-hand.sh"
inside bash /tmp/by-hand.sh
inside ctr plugins ls >/dev/null
inside containerd config dump | grep -qF 'BinaryName = "/opt/kontain/bin/krun"' || fail "containerd does not know krun"
inside sh /opt/kontain/install.sh --uninstall --purge
mkdir served served/kontain
cp "$archive" "$archive.sha256" "$KONTAIN_SOURCE/install.sh" served/kontain/
python3 -u -m http.server --bind 127.0.0.1 --directory served 8000 >server.log 2>&1 &
server=$!
for _ in $(seq 100); do grep -q 'port 8000' server.log && break; sleep 0.1; done
document_lines docs/guide/clouds.md |
  sed "s|https://example.com|http://127.0.0.1:8000|; s/kontain-0.1.0-x86_64.tar.gz/$(basename "$archive")/" >"$root/tmp/first-boot.sh"
inside bash /tmp/first-boot.sh | tee log
kill "$server"
wait "$server" 2>/dev/null || true
grep -q "Kontainers run here" log || fail "first-boot.sh: no kontainers on the node"
inside sh /opt/kontain/install.sh --uninstall --purge
inside /restart
rm -rf "$root/tmp/"*
snapshot_node | diff before - || fail "the documents' lines left something on the node"

echo "== install"
node install | tee log
grep -q "krun is a runtime of this node's containerd" log || fail "it does not say so"
inside containerd config dump >dump
grep -qF 'BinaryName = "/opt/kontain/bin/krun"' dump || fail "containerd does not know krun"

echo "== a container of containerd"
mkdir -p context
cp "$root/bin/busybox" context/
printf 'FROM scratch\nCOPY busybox /bin/busybox\n' >context/Dockerfile
"$root/opt/kontain/bin/kontain-build" --store images -t localhost/tools:1 --output oci-archive:"$root/tmp/tools.tar" context
inside ctr image import /tmp/tools.tar
name=$(inside ctr image ls -q | head -n 1)
inside ctr run --rm --runc-binary /opt/kontain/bin/krun "$name" once /bin/busybox uname -r | tee out
expect_contains out ".kontain"

echo "== the pod is deleted"
env NODE_ROOT="$root" NODE_RESTART=/restart KONTAIN_RELEASE="$archive" sh "$KONTAIN_SOURCE/contrib/node-install.sh" >log 2>&1 &
pod=$!
for _ in $(seq 300); do grep -q "is a runtime" log && break; sleep 0.2; done
kill -TERM "$pod"
wait "$pod" || { cat log; fail "the pod ends with $?"; }
grep -q "removed" log || { cat log; fail "nothing was removed"; }
containerd=$(cat "$root/run/containerd.pid")
kill "$containerd"
for _ in $(seq 100); do kill -0 "$containerd" 2>/dev/null || break; sleep 0.1; done
rm -rf "$root/tmp/"*
snapshot_node | diff before - || fail "something is left on the node"
echo "passed"
