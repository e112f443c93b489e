# SIGKILL before and behind every command that changes something, while installing, upgrading and removing: the next run
# repairs, and in between there is always a whole release in use or none.
. "$KONTAIN_SOURCE/tests/release/lib.sh"
make_workdir
make_user

# A small release: what is in it does not matter here.
small_release() {
  local name=kontain-$1-x86_64
  mkdir -p "tree/$name"/{bin,lib,share/kontain/engines,examples} dist
  printf '#!/bin/sh\necho %s\n' "$1" | tee "tree/$name/bin/km" >"tree/$name/bin/kontain"
  cp "tree/$name/bin/km" "tree/$name/share/kontain/engines/krun-register"
  chmod 755 "tree/$name/bin"/* "tree/$name/share/kontain/engines/krun-register"
  echo text | tee "tree/$name/lib/a" >"tree/$name/examples/b"
  cp install.sh "tree/$name/"
  echo "$1" >"tree/$name/VERSION"
  (cd "tree/$name" && find . -type f -exec sha256sum {} + >../sums && mv ../sums SHA256SUMS)
  tar -czf "dist/$name.tar.gz" -C tree "$name"
  (cd dist && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
}
small_release 1.0
small_release 1.1
prefix=$workdir/home/.local/kontain

# Commands that count themselves, and kill the installer before or behind the N-th.
mkdir shims
for name in mkdir mv cp ln rm rmdir tar chown; do
  real=$(command -v $name)
  cat >shims/$name <<T
#!/bin/sh
count=\$((\$(cat "$workdir/home/count" 2>/dev/null || echo 0) + 1))
echo \$count >"$workdir/home/count"
stop=\$(cat "$workdir/home/stop" 2>/dev/null || echo 0)
[ "\$stop" != "\$count-before" ] || { kill -KILL \$PPID; exit 1; }
"$real" "\$@"
status=\$?
[ "\$stop" != "\$count-behind" ] || { kill -KILL \$PPID; exit 1; }
exit \$status
T
  chmod 755 shims/$name
done
chmod 755 shims

# counted ARGUMENT...: the installer with those commands. What it leaves in the user's TMPDIR is removed with the home.
counted() {
  test_path=$workdir/shims:$PATH install_sh --no-smoke-test "$@"
}
fresh_home() {
  rm -rf home
  mkdir home
  [ ${#as_user[@]} -eq 0 ] || chown 65534:65534 home
}
put() { printf '%s\n' "$2" >"home/$1"; [ ${#as_user[@]} -eq 0 ] || chown 65534:65534 "home/$1"; }
clean_home() { rm -f home/count home/stop; }

# whole_or_nothing WHAT: what a user finds at this moment.
whole_or_nothing() {
  [ -e "$prefix/bin/km" ] || return 0
  local version
  version=$("$prefix/bin/km") || fail "$1: km does not run"
  expect_equal "$("$prefix/bin/kontain")" "$version" "$1: programs of one release"
  [ "$(cat "$prefix/current/lib/a")" = text ] || fail "$1: an incomplete release is in use"
}

# every_point WHAT PREPARE ACT...: ACT is killed at each of its points, then repeated.
every_point() {
  local what=$1 prepare=$2 points point side
  shift 2
  fresh_home; $prepare; clean_home; put stop none
  expect_status 0 counted "$@"
  points=$(cat home/count)
  clean_home
  snapshot home >wanted
  for point in $(seq "$points"); do
    for side in before behind; do
      fresh_home; $prepare; clean_home; put stop "$point-$side"
      counted "$@" >out 2>err && fail "$what: not killed $side command $point"
      clean_home
      whole_or_nothing "$what, killed $side command $point"
      expect_status 0 install_sh --no-smoke-test "$@"
      snapshot home >is
      diff wanted is || fail "$what, killed $side command $point: repeating it does not repair"
      # And instead of repeating: all away.
      fresh_home; $prepare; clean_home; put stop "$point-$side"
      counted "$@" >out 2>err || true
      clean_home
      expect_status 0 install_sh --uninstall
      expect_equal "$(find home -mindepth 1)" "" "$what, killed $side command $point, then removed"
    done
  done
  echo "$what: $points commands, killed before and behind each"
}
nothing() { :; }
installed() { install_sh --no-smoke-test "$workdir/dist/kontain-1.0-x86_64.tar.gz" >/dev/null; }

every_point "installing" nothing "$workdir/dist/kontain-1.0-x86_64.tar.gz"
every_point "upgrading" installed "$workdir/dist/kontain-1.1-x86_64.tar.gz"
every_point "removing" installed --uninstall
