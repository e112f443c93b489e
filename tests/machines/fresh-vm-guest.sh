#!/bin/bash
# Inside the fresh machine: what a user does with a release, and one line for each thing that is seen to work.
failed=0
check() {
  local what=$1
  shift
  if "$@" >/tmp/log 2>&1; then
    echo "ok $what"
  else
    echo "not ok $what (status $?)"
    sed 's/^/   /' /tmp/log | tail -n 30
    failed=1
  fi
}
seconds() { cut -d. -f1 /proc/uptime; }
prints() { # prints TEXT COMMAND...: its output has that text
  local text=$1
  shift
  "$@" 2>&1 | tee /tmp/out
  grep -qF -- "$text" /tmp/out
}
release=$(echo kontain-*-x86_64.tar.gz)

began=$(seconds)
check "the installer, with its smoke test" prints "smoke test: compiled, and run in a virtual machine" sh ./install.sh "$release"
echo "# installed and first kontainer after $(($(seconds) - began)) s"
export PATH=/opt/kontain/bin:$PATH
check "doctor: recipe B" prints "B" kontain doctor
kontain doctor | sed 's/^/# /'
printf '#include <stdio.h>\n#include <sys/utsname.h>\nint main(void) { struct utsname u; uname(&u); puts(u.release); }\n' >name.c
check "compiling" kontain-gcc -O2 -o name.km name.c
check "a kontainer" prints .kontain km name.km
check "a shell and its processes" prints .kontain km /bin/bash -c 'uname -r | cat'
check "kontain run" prints .kontain kontain run --network none name.km
check "an image" kontain-build -t localhost/name:1 --payload name.km --output docker-archive:name.tar
check "the image again: the same bytes" kontain-build verify localhost/name:1

check "registered with podman" sh ./install.sh --with-podman --no-smoke-test "$release"
podman() { command podman --cgroup-manager cgroupfs --events-backend file "$@"; }
check "podman load" podman load -i name.tar
check "podman run" prints .kontain podman --runtime krun run --rm --network none localhost/name:1
check "podman run with limits" prints .kontain podman --runtime krun run --rm --network none --memory 64m --cpus 1 --pids-limit 50 localhost/name:1

# The lines of docs/getting-started.md, with what this machine lacks: an init that knows services, and the network that
# Docker would fetch the image from. It is made of the machine's own uname.
dockerd --storage-driver overlay2 >/tmp/dockerd.log 2>&1 &
for _ in $(seq 120); do docker version >/dev/null 2>&1 && break; sleep 1; done
import_image() {
  tar -C / -chf - lib64/ld-linux-x86-64.so.2 lib/x86_64-linux-gnu/libc.so.6 bin/uname | docker import - debian:bookworm-slim
}
systemctl() { kill -HUP "$(cat /run/docker.pid)"; }
export -f systemctl
copied_lines() { (cd kontain-*-x86_64/ && bash -e ../docker-lines.sh); }
tar -xzf "$release"
check "an image for Docker" import_image
check "the lines of getting started under Docker" prints .kontain copied_lines
check "Docker knows krun" prints krun docker info
check "docker load" docker load -i name.tar
check "docker run" prints .kontain docker run --rm --runtime krun --network none localhost/name:1
check "docker run with limits, on a bridge" prints .kontain docker run --rm --runtime krun --memory 64m --pids-limit 50 localhost/name:1

kill %1
wait
check "uninstalled" sh /opt/kontain/install.sh --uninstall --purge
check "nothing is left of it" test ! -e /opt/kontain -a ! -e /etc/containers/containers.conf.d/krun.conf -a ! -h /usr/local/bin/km
[ "$failed" -ne 0 ] || echo "checks: all passed"
