# Debian's sshd under Debian's ssh: who is not known yet is served by a process that is locked in by chroot(2) and has no
# rights; then commands, files both ways, a wrong key.
# shellcheck shell=bash
# With folders and users of its own, in a mount namespace that ends with the test.
if [ "${SSHD_INSIDE:-}" != 1 ] && [ "$(id -u)" = 0 ]; then
  exec unshare --mount --propagation private env SSHD_INSIDE=1 bash "${BASH_SOURCE[0]}" "$@"
fi
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
[ "$(id -u)" = 0 ] || skip "sshd takes root"
need_program ssh ssh-keygen
fetch() { "$KONTAIN_SOURCE/tests/programs/fetch-package.sh" "$1"; }
sshd=$(fetch openssh-server)/usr/sbin/sshd
sftp=$(fetch openssh-sftp-server)/usr/lib/openssh/sftp-server
libraries=$(fetch libwrap0)
export LD_LIBRARY_PATH=$libraries/lib/x86_64-linux-gnu:$libraries/usr/lib/x86_64-linux-gnu

for name in host user wrong; do ssh-keygen -q -t ed25519 -N '' -f "$name"; done
mkdir run
mount --bind run /run
mkdir -m 755 /run/sshd
grep -v '^sshd:' /etc/passwd >passwd
echo 'sshd:x:64999:65534::/run/sshd:/usr/sbin/nologin' >>passwd
mount --bind passwd /etc/passwd

options=(-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes -F none)
to() { ssh -p "$port" -i "../${key:-user}" "${options[@]}" root@127.0.0.1 "$@"; }
# One of the server's children has /run/sshd as its root.
is_locked_in() {
  local child grandchild
  for child in $(pgrep -P "$server"); do
    for grandchild in "$child" $(pgrep -P "$child"); do
      if [ "$(readlink "/proc/$grandchild/root")" = /run/sshd ]; then return; fi
    done
  done
  return 1
}
session() {
  port=$(free_port)
  printf '%s\n' "Port $port" 'ListenAddress 127.0.0.1' "HostKey $workdir/host" "AuthorizedKeysFile $workdir/user.pub" \
    'StrictModes no' 'PermitRootLogin yes' 'UsePAM no' 'PidFile none' "Subsystem sftp $sftp" 'UseDNS no' >config
  timeout --kill-after=5 "${limit:-120}" "${run[@]:3}" "$sshd" -D -e -f "$PWD/config" 2>log &
  timer=$!
  wait_until to true
  server=$(pgrep -P "$timer")
  exec 9<>"/dev/tcp/127.0.0.1/$port"
  printf 'SSH-2.0-OpenSSH_nobody\r\n' >&9
  wait_until is_locked_in
  echo "locked in"
  exec 9>&-
  # The words are the other side's.
  # shellcheck disable=SC2016
  to 'echo "as $(id -un) in $PWD: $0"; cat /proc/self/comm; exit 7' || echo "status $?"
  head -c 300000 /dev/urandom >there
  scp -q -P "$port" -i ../user "${options[@]}" there "root@127.0.0.1:$PWD/copy"
  cmp there copy && echo "copied there"
  scp -q -P "$port" -i ../user "${options[@]}" "root@127.0.0.1:$PWD/copy" back
  cmp there back && echo "copied back"
  to cat <there >piped
  cmp there piped && echo "through a pipe"
  key=wrong to true 2>&1 | sed 's/[0-9.]*: //' || true
  kill "$server"
  wait "$timer" || true
  grep -c 'Accepted publickey for root' log
  ! grep -iE 'fatal|error' log
}
limit=200 both_ways session
expect_contains native.out "locked in"
