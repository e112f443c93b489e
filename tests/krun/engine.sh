# What tests of krun, by itself and under container engines, share. Sourced behind tests/lib/common.sh.
# shellcheck shell=bash

# An image's root file system in $1: busybox with all its names, users, and a CMD's working folders.
make_busybox_rootfs() {
  local root=$1 name
  mkdir -p "$root"/{bin,dev,etc,proc,root,run,sys,tmp,var,home/user,data}
  cp /bin/busybox "$root/bin/busybox"
  for name in $("$root/bin/busybox" --list); do
    [ "$name" = busybox ] || ln -sf busybox "$root/bin/$name"
  done
  printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\nuser:x:1000:\nextra:x:2000:user\n' >"$root/etc/group"
  chown 1000:1000 "$root/home/user"
  chmod 1777 "$root/tmp"
}

# in_time COMMAND...: it succeeds within ten seconds, asked again and again.
in_time() {
  for _ in $(seq 50); do
    "$@" && return 0
    sleep 0.2
  done
  return 1
}
