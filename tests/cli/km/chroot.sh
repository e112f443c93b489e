# Programs below another root: without a /proc, with what an image put there, with procfs's of their own.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
[ "$(id -u)" = 0 ] || skip "chroot(2) is for root"
chroot=/usr/sbin/chroot
mkdir -p jail/bin jail/proc jail/tmp
cp /bin/busybox jail/bin/
for name in sh cat ls sort uniq readlink grep find; do ln -s busybox "jail/bin/$name"; done
# shellcheck disable=SC2016
printf '%s\n' '#!/bin/sh' 'echo "script in $PWD: $*"' >jail/tmp/script
chmod +x jail/tmp/script

# in_jail WORDS: a shell's words, natively and under km.
in_jail() {
  PATH=/bin "$chroot" jail /bin/sh -c "$1" >native 2>&1 </dev/null || true
  PATH=/bin "$km" "$chroot" jail /bin/sh -c "$1" >under-km 2>&1 </dev/null || true
  diff -u native under-km || fail "below another root: $1"
}
# The words of these shells are their own.
# shellcheck disable=SC2016
pipelines='cd /tmp; for i in 3 1 2 1; do echo $i; done | sort | uniq | cat; ./script one two; echo $(ls / | sort); find / -name "sc*"'
in_jail "$pipelines"
grep -q 'script in /tmp: one two' native || fail "the words did nothing natively: $(cat native)"
in_jail 'cat /proc/self/maps; readlink /proc/self/exe; ls /nothing; exec /bin/nothing'
expect_contains native "can't open '/proc/self/maps'"

# What an image has at /proc is its own business, and no word of it is believed.
mkdir -p jail/proc/self jail/proc/thread-self/fd
echo "0000-ffff rwxp forged" >jail/proc/self/maps
echo "1 (forged) S" >jail/proc/self/stat
ln -s /tmp jail/proc/self/exe
for ((i = 3; i < 40; i++)); do ln -s /etc/forged "jail/proc/thread-self/fd/$i"; done
in_jail "$pipelines; cat /proc/self/maps /proc/self/stat; readlink /proc/self/exe; ls /proc"
expect_contains native forged
rm -r jail/proc
mkdir jail/proc

# A folder of a procfs is no root, nor is one in which the registry has another name.
expect_status 125 "$km" "$chroot" /proc /bin/true
expect_contains err "Permission denied"
if [ -d /run/kontain ]; then
  expect_status 125 "$km" "$chroot" /run /bin/true
  expect_contains err "Permission denied"
fi
# Who may not, may not.
setpriv=(setpriv --bounding-set -sys_chroot --inh-caps -sys_chroot)
chmod 755 .
expect_status 125 "${setpriv[@]}" "$km" "$chroot" jail /bin/sh -c true
expect_contains err "Operation not permitted"

# Nor do two processes with one root and a monitor each.
payload shared_root
expect_status 0 "$km" ./shared_root
expect_equal "$(cat out)" "child 1, parent 1" "chroot(2) with CLONE_FS"

# With a procfs of its own the new root has all that the old one had, and nothing of the monitor.
unshare --mount --propagation private true 2>/dev/null || exit 0
cat >look <<'EOL'
readlink /proc/self/exe
readlink /proc/self/root
cat /proc/self/comm
ls /proc/self/fd | grep -c .
grep -q busybox /proc/self/maps && echo maps
cat /proc/self/mem >/tmp/memory
grep -E 'Name|Threads' /proc/self/status
cat /proc/self/cmdline | cat -v
ls /proc/self/task | grep -c .
cat /proc/self/environ | cat -v
EOL
with_procfs() {
  local out=$1
  shift
  # shellcheck disable=SC2016
  unshare --mount --propagation private sh -c \
    '$1 && shift && exec env -i A=b PATH=/bin "$@" jail /bin/sh -c "$(cat look)"' sh "$@" >"$out" 2>&1 </dev/null
}
for mounting in 'mount -t proc proc jail/proc' 'mount --rbind /proc jail/proc'; do
  with_procfs native "$mounting" "$chroot" || true
  with_procfs under-km "$mounting" "$km" "$chroot" || true
  grep -q '^maps$' native || fail "the look is wrong natively: $(cat native)"
  # The memory shows the monitor, and is never opened.
  expect_contains under-km "cat: can't open '/proc/self/mem': Permission denied"
  sed -i '/^cat: /d' native under-km
  diff -u native under-km || fail "/proc below another root, by $mounting"
done
# Nothing of the monitor's addresses is in its maps.
unshare --mount --propagation private sh -c 'mount -t proc proc jail/proc && exec "$@"' sh \
  "$km" "$chroot" jail /bin/cat /proc/self/maps >maps </dev/null
expect_contains maps busybox
if grep -E '^(6f|7)[0-9a-f]{11}-' maps | grep -v vdso; then fail "the monitor is in the maps"; fi
