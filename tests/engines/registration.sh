#!/bin/bash
# contrib/krun-register: what it writes, what it refuses to touch, and that `remove` gives back what was there.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
make_workdir
mkdir bin
printf '#!/bin/sh\n' >bin/krun
chmod 755 bin/krun
krun=$PWD/bin/krun
register() { "$KONTAIN_SOURCE/contrib/krun-register" "$@"; }
add() { register add "$1" --krun "$krun" --file "$PWD/$2" "${@:3}"; }
take_out() { register remove "$1" --file "$PWD/$2"; }

# there_and_back ENGINE FILE: byte by byte, with mode and owner, twice each.
there_and_back() {
  local before=none
  [ ! -e "$2" ] || { cp -p "$2" before; before=$(stat -c '%a %u %g' "$2"); }
  expect_status 0 add "$1" "$2"
  expect_status 0 register status "$1" --file "$PWD/$2"
  expect_contains out "$krun"
  cp "$2" once
  expect_status 0 add "$1" "$2"
  expect_contains out "nothing to do"
  cmp once "$2" || fail "$1: added twice"
  expect_status 0 take_out "$1" "$2"
  if [ "$before" = none ]; then
    [ ! -e "$2" ] || fail "$2 is left"
  else
    cmp before "$2" || fail "$2 is not as before"
    expect_equal "$(stat -c '%a %u %g' "$2")" "$before" "mode and owner of $2"
  fi
  [ ! -e "$2.before-krun" ] || fail "the backup of $2 is left"
  expect_status 1 register status "$1" --file "$PWD/$2"
  expect_status 0 take_out "$1" "$2"
  expect_contains out "nothing to do"
}

# refuses ENGINE FILE TEXT
refuses() {
  cp "$2" before
  expect_status 1 add "$1" "$2"
  expect_contains err "$3"
  expect_contains err "nothing was changed"
  cmp before "$2" || fail "$2 was changed"
}

# Docker
there_and_back docker new/daemon.json
printf '{ "debug":true,\n\t"runtimes": {"other": {"path": "/bin/other"}}}' >daemon.json
chmod 640 daemon.json
there_and_back docker daemon.json
add docker daemon.json >out
expect_equal "$(jq -c '[.debug, .runtimes.other.path, .runtimes.krun.path]' daemon.json)" "[true,\"/bin/other\",\"$krun\"]" daemon.json
cmp -s daemon.json.before-krun before || fail "no backup"
# Changed since: only krun goes.
jq '.debug=false' daemon.json >changed && cp changed daemon.json
take_out docker daemon.json >out
expect_equal "$(jq -c . daemon.json)" '{"debug":false,"runtimes":{"other":{"path":"/bin/other"}}}' "what was changed since"
rm -f daemon.json*
expect_status 0 add docker daemon.json --default
expect_equal "$(jq -r '."default-runtime"' daemon.json)" krun "default runtime"
take_out docker daemon.json >out
[ ! -e daemon.json ] || fail "daemon.json is left"
ln -s real.json link.json
echo '{"debug":true}' >real.json
there_and_back docker link.json
[ -L link.json ] || fail "the link was replaced"
expect_status 0 add docker real.json --dry-run
expect_contains out '"krun"'
expect_equal "$(cat real.json)" '{"debug":true}' "a dry run"
for text in '{' '[]' '{"runtimes":[]}' '{} {}'; do
  printf '%s' "$text" >bad.json
  refuses docker bad.json bad.json
done
printf '\377\376' >bad.json
refuses docker bad.json UTF-8
echo '{"runtimes":{"krun":{"path":"/elsewhere/krun"}}}' >bad.json
refuses docker bad.json "krun is /elsewhere/krun there; remove it first"

# podman and CRI-O have a file for krun alone.
for engine in podman crio; do
  there_and_back $engine conf.d/krun.conf
  echo '# mine' >mine.conf
  refuses $engine mine.conf "was not written by krun-register"
  expect_status 0 add $engine conf.d/krun.conf --default
  expect_equal "$(grep -cE '^(default_)?runtime = "krun"' conf.d/krun.conf)" 1 "$engine: default"
  take_out $engine conf.d/krun.conf >out
done

# containerd
there_and_back containerd new.toml
printf 'version = 2\n[plugins]\n  [plugins."io.containerd.grpc.v1.cri"]\n    sandbox_image = "x"' >config.toml
there_and_back containerd config.toml
add containerd config.toml >out
printf '[debug]\n  level = "info"\n' >>config.toml
take_out containerd config.toml >out
expect_contains config.toml 'level = "info"'
! grep -q krun config.toml || fail "krun is left in config.toml"
echo 'oom_score = 0' >bad.toml
refuses containerd bad.toml "version = 2"
printf 'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.krun]\n' >bad.toml
refuses containerd bad.toml "did not write"
expect_status 1 add containerd config.toml --default
expect_contains err "--default"

expect_status 1 register add docker --file "$PWD/x.json" --krun "$PWD/nothing"
expect_contains err "is no program"
expect_status 2 register add
expect_status 2 register add lxc
expect_status 0 register --version
expect_contains out krun-register
expect_status 0 register --help
for engine in docker podman containerd crio; do expect_contains out "$engine"; done
