#!/bin/bash
# The same inputs give one digest: two users, umasks, time zones, locales, clocks, processors, file systems and orders of
# folders; and every output kind the same bytes.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/image/image.sh"
make_workdir
chmod 755 "$workdir"

# make_inputs FOLDER UMASK ORDER: the same content, made differently.
make_inputs() (
  mkdir -p "$1"
  umask "$2"
  cd "$1"
  make_payload app.km
  mkdir data
  for name in $3; do printf 'content of %s\n' "$name" >"data/$name"; done
  mkdir data/sub
  ln -s ../a data/sub/link
  # Larger than several blocks of the compressor.
  seq 1 600000 >data/big
)
make_inputs one 022 'a b c ä'
sleep 1.1
make_inputs two 077 'ä c b a'
chmod -R u+x two/app.km one/app.km

arguments=(--payload app.km --arg x --copy data:/data --print digest)
# digest_in FOLDER STORE COMMAND...: builds there with a store of its own.
digest_in() {
  local folder=$1 store=$2
  shift 2
  (cd "$folder" && "$@" "$build_tool" --store "$workdir/$store" "${arguments[@]}")
}
first=$(digest_in one s1 env)
check() { expect_equal "$(digest_in "$@")" "$first" "digest with ${*:3} in $1"; }
check two s2 env
check one s3 env TZ=Pacific/Auckland LANG=de_DE.UTF-8 LC_ALL=C.UTF-8
check one s4 env TZ=America/New_York LC_ALL=POSIX
check one s5 taskset -c 0
check two s6 env -i PATH=/usr/bin:/bin
(umask 077 && check one s7 env)
if command -v faketime >/dev/null; then check one s8 faketime '2031-01-01' ; fi
if [ "$(id -u)" = 0 ]; then
  chmod -R a+rX one
  mkdir -m 777 other
  expect_equal "$(cd one && setpriv --reuid 65534 --regid 65534 --clear-groups \
    "$build_tool" --store "$workdir/other/store" "${arguments[@]}")" "$first" "digest as another user"
fi
# Another file system.
if [ -d /dev/shm ] && [ -w /dev/shm ] && shm=$(mktemp -d /dev/shm/kontain-image.XXXXXX); then
  trap 'rm -rf "$workdir" "$shm"' EXIT
  make_inputs "$shm/in" 027 'b a ä c'
  chmod u+x "$shm/in/app.km"
  expect_equal "$(cd "$shm/in" && "$build_tool" --store "$shm/store" "${arguments[@]}")" "$first" "digest on another file system"
fi

# zstd, and the files that are written.
zstd() { (cd "$1" && "${@:3}" "$build_tool" --store "$workdir/$2" "${arguments[@]}" --compression zstd); }
expect_equal "$(zstd one z1 env)" "$(zstd two z2 taskset -c 1 2>/dev/null || zstd two z2 env)" "digest with zstd"
for kind in oci-archive docker-archive; do
  (cd one && "$build_tool" --store "$workdir/s1" "${arguments[@]}" -t app -o "$kind:$workdir/$kind.1") >/dev/null
  (cd two && TZ=Asia/Tokyo "$build_tool" --store "$workdir/s2" "${arguments[@]}" -t app -o "$kind:$workdir/$kind.2") >/dev/null
  cmp "$kind.1" "$kind.2" || fail "$kind differs"
done

# A time that is asked for is in the files and in the configuration, and is another image.
dated=$(cd one && SOURCE_DATE_EPOCH=1700000000 "$build_tool" --store "$workdir/s1" "${arguments[@]}" -t dated)
[ "$dated" != "$first" ] || fail "SOURCE_DATE_EPOCH has no effect"
"$build_tool" --store "$workdir/s1" unpack dated unpacked >/dev/null
expect_equal "$(stat -c %Y unpacked/rootfs/data/sub)" 1700000000 "time of a folder"
expect_equal "$(jq -r .created unpacked/image.json)" 2023-11-14T22:13:20Z created
# One byte more is another image: the test could fail.
echo >>one/data/a
[ "$(digest_in one s1 env)" != "$first" ] || fail "a changed file has no effect"
