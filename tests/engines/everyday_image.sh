#!/bin/bash
# everyday_image.sh: prints the path of a tar file with a Debian root file system for the suites with engines: a shell's
# everyday tools, a compiler, ssh, a web server, a database, Java. Made by mmdebstrap from the machine's own mirror, and
# kept outside the tree by what is in it.
set -euo pipefail
packages=(apt apt-utils bash bc bsdextrautils bzip2 ca-certificates cron curl diffutils dpkg-dev file findutils gawk gcc
  git gzip hostname iproute2 iputils-ping jq less libc6-dev libpostgresql-jdbc-java locales lsof make man-db mawk nano netcat-openbsd nginx-light
  openjdk-17-jre-headless openssh-client openssh-server openssl passwd patch perl postgresql procps psmisc python3
  redis-server rsync screen sed sudo tar time tmux util-linux vim-tiny wget xz-utils zip unzip)
name=$(printf '%s\n' "${packages[@]}" | sha256sum | cut -c1-12)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kontain/images
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
image=$cache/everyday-$name.tar
if [ ! -e "$image" ]; then
  mmdebstrap --quiet --format=tar --variant=minbase --include="$(IFS=,; echo "${packages[*]}")" --skip=cleanup/apt/lists \
    --dpkgopt='path-exclude=/usr/share/doc/*' --customize-hook='rm -f "$1"/etc/resolv.conf "$1"/etc/hostname' \
    bookworm "$image.part" >&2 ||
    { rm -f "$image.part"; exit 1; }
  mv "$image.part" "$image"
fi
echo "$image"
