#!/bin/bash
# --fixed-clock and --random-seed: RUN steps that write the time, random bytes and what follows from them give the same
# layer in another second without the cache; without the options they do not.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/build/lib.sh"
need_kvm
[ "$(id -u)" -eq 0 ] || skip "the overlay of a RUN step needs root or subordinate ids"
for program in busybox /usr/bin/python3 jq; do command -v $program >/dev/null || skip "there is no $program"; done
make_store
build_busybox
# The machine's own Python: its program, its modules and their libraries.
prefix=$(/usr/bin/python3 -c 'import sys; print(sys.base_prefix + "/lib/python%d.%d" % sys.version_info[:2])')
mkdir modules
tar c -C "$prefix" --exclude='config-*' --exclude=__pycache__ . | tar x -C modules
build -t python --copy "$(readlink -f /usr/bin/python3):/usr/bin/python3" --copy /usr/bin/mktemp:/real/mktemp --copy /usr/bin/date:/real/date \
  --copy "modules:$prefix" --closure >/dev/null

made() {
  built "$@" <<'END'
FROM python
COPY --from=bb / /
RUN /real/date +%s%N >/date && head -c 16 /dev/urandom | xxd -p >/random && touch "$(/real/mktemp -u)"
WORKDIR /module
COPY <<EOF source.py
import os, random, tempfile, time, uuid
print(tempfile.mkdtemp(), tempfile.mkstemp())
print(time.time(), time.time_ns(), uuid.uuid4(), uuid.uuid1(1, 1), random.random(), os.urandom(8).hex())
print({"a", "b", "c", "d", "e", "f", "g"}, hash("text"))
EOF
RUN echo 'VALUE = 1' >generated.py && python3 -c 'import generated, source' >/printed
RUN cat /proc/sys/kernel/random/uuid >/uuid && (cat /proc/sys/kernel/random/uuid >/uuid-of-child) && tar cf /files.tar /module /tmp
RUN sleep 1 && test /uuid -ot /tmp/. || touch /younger && find / -xdev -newer /uuid -type f | sort >/newer && date >/end
END
}
one=$(SOURCE_DATE_EPOCH=1600000000 made one --no-cache --fixed-clock --random-seed 7)
sleep 1.1
expect_equal "$(SOURCE_DATE_EPOCH=1600000000 made two --no-cache --fixed-clock --random-seed 7)" "$one" "the digest in another second"
unpacked one
root=one.root/rootfs
expect_equal "$(cat $root/date)" 1600000000001000000 "the time"
expect_equal "$(date -u -d "$(cat $root/end)" +%s)" 1600000000 "the time of another step, behind a sleep"
# The .pyc of a source that the step has made names the time that the source has in the image (PEP 552).
pyc=$(find $root/module/__pycache__ -name 'generated*.pyc')
expect_equal "$(od -An -tu4 -j8 -N4 "$pyc" | tr -d ' ')" 1600000000 "the source's time in the .pyc"
expect_equal "$(stat -c %Y $root/module/generated.py)" 1600000000 "the source's time"
build verify one >verified || fail "verify: $(cat verified)"

# The options are part of the key of a step, and each changes what it should.
expect_equal "$(SOURCE_DATE_EPOCH=1600000000 made one --fixed-clock --random-seed 7)" "$one" "the digest from the cache"
other=$(SOURCE_DATE_EPOCH=1600000000 made other --fixed-clock --random-seed 8)
[ "$other" != "$one" ] || fail "another seed makes no difference"
unpacked other
cmp $root/date other.root/rootfs/date
if cmp -s $root/random other.root/rootfs/random; then fail "another seed gives the same bytes"; fi
SOURCE_DATE_EPOCH=1600000000 made other --fixed-clock=1500000000 --random-seed 7 >/dev/null
unpacked other
expect_equal "$(cat other.root/rootfs/date)" 1500000000001000000 "the time that was named"
cmp $root/random other.root/rootfs/random

# Without the options it is seen that they were needed; and 1970 is the default.
plain=$(made plain --no-cache)
sleep 1.1
[ "$(made plain --no-cache)" != "$plain" ] || fail "the steps are the same without the options"
unpacked plain
[ "$(cat plain.root/rootfs/date)" -gt 1700000000000000000 ] || fail "the clock stands without the option"
made epoch --fixed-clock >/dev/null
unpacked epoch
expect_equal "$(cat epoch.root/rootfs/date)" 0001000000 "the default"

refuses "--fixed-clock: soon: a number of seconds since 1970 is expected" build --fixed-clock=soon one.ctx
refuses "--fixed-clock: -5: a number of seconds since 1970 is expected" build --fixed-clock=-5 one.ctx
refuses "--random-seed" build --random-seed many one.ctx
