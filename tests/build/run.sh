#!/bin/bash
# RUN: every step inside a virtual machine, the layer is what it changed, unchanged steps come from the cache.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/build/lib.sh"
need_kvm
[ "$(id -u)" -eq 0 ] || skip "the overlay of a RUN step needs root or subordinate ids"
command -v busybox >/dev/null || skip "there is no busybox"
make_store
build_busybox

one() {
  built steps "$@" <<'END'
FROM bb AS tools
RUN echo made >/made && uname -r >/kernel && id -u >/id
RUN <<EOF
set -e
mkdir -p /dir/sub
echo a >/dir/a
ln /dir/a /dir/hard
ln -s a /dir/soft
chmod 4755 /dir/a
chown 5:6 /dir/sub
EOF
RUN <<EOF
#!/bin/awk -f
BEGIN { print "from a script" >"/script" }
EOF
RUN cat <<ONE >/both && cat <<TWO >>/both
1
ONE
2
TWO
RUN ["/bin/busybox", "touch", "/exec form"]
RUN rm /bin/vi && rm -r /dir/sub && mkdir /dir/sub && touch /dir/sub/new
ARG argument=from-arg
ENV variable=from-env
WORKDIR /work
USER user
RUN echo "$argument $variable $(pwd) $(id -u) $HOME" >/tmp/facts
USER root
RUN ip -o link | wc -l >/links; test ! -s /etc/resolv.conf

FROM bb
RUN touch /second
COPY --from=tools /made /kernel /id /script /both /links /tmp/facts /out/
COPY --from=tools /dir /dir
RUN test -u /dir/a && test "$(cat /out/made)" = made && rm /second
END
}
first=$(one)
unpacked steps
root=steps.root/rootfs
expect_equal "$(cat $root/out/made)" made "a file of a step"
case $(cat $root/out/kernel) in *.kontain) ;; *) fail "the step did not run under km: $(cat $root/out/kernel)" ;; esac
expect_equal "$(cat $root/out/id)" 0 "the user"
expect_equal "$(cat $root/out/script)" "from a script" "a script"
expect_equal "$(tr '\n' ' ' <$root/out/both)" "1 2 " "here-documents of the shell"
expect_equal "$(cat $root/out/facts)" "from-arg from-env /work 1000 /home/user" "what a step sees"
expect_equal "$(cat $root/out/links)" 1 "interfaces without a network"
expect_equal "$(stat -c %h $root/dir/a)" 2 "a hard link"
expect_equal "$(stat -c %a $root/dir/a)" 4755 "a mode"
expect_equal "$(ls $root/dir/sub)" new "a folder that was replaced"
test ! -e $root/second || fail "what was removed is there"
build -t tools --target tools steps.ctx >/dev/null
unpacked tools
test ! -e tools.root/rootfs/bin/vi || fail "what was removed is there"
test -e "tools.root/rootfs/exec form" || fail "the exec form did nothing"
# What krun mounts on is no part of the image.
test ! -e tools.root/rootfs/etc/resolv.conf || fail "there is a resolv.conf in the image"
test ! -e tools.root/rootfs/etc/hosts || fail "there is a hosts file in the image"

# From the cache: the same, without a single step executed.
expect_equal "$(one)" "$first" "the digest from the cache"
build --progress plain steps.ctx 2>progress >/dev/null
expect_equal "$(grep -c ' cached$' progress)" "$(grep -cE '/[0-9]+\] (RUN|COPY|WORKDIR)' progress)" "steps from the cache"
# Made again, the same bytes.
expect_equal "$(one --no-cache)" "$first" "the digest without the cache"

# A step that fails says where, and what it printed.
mkdir -p bad.ctx
printf 'FROM bb\nRUN echo told; echo "\033[2Jclear" >&2; exit 3\n' >bad.ctx/Dockerfile
refuses "bad.ctx/Dockerfile:2:5: the command ended with status 3" build bad.ctx
expect_contains err "told"
expect_contains err '\x1b[2Jclear'
# shellcheck disable=SC2016
printf 'FROM bb\nRUN sh -c "kill -9 \\$\\$"; exit $?\n' >bad.ctx/Dockerfile
refuses "status 137" build bad.ctx
printf 'FROM scratch\nRUN true\n' >bad.ctx/Dockerfile
refuses "bad.ctx/Dockerfile:2:5: the command ended with status" build bad.ctx

# With the host's network when it is asked for.
printf 'FROM bb\nRUN ip -o link | wc -l >/links; cat /etc/resolv.conf >/resolv\n' >bad.ctx/Dockerfile
build -t net --network host bad.ctx >/dev/null
unpacked net
expect_equal "$(cat net.root/rootfs/links)" "$(ip -o link | wc -l)" "interfaces with the host's network"

# The lines of the document.
mkdir document document/app
printf 'FROM bb\nRUN ip -o link | wc -l >/links\n' >document/app/Dockerfile
ln -s ../store document/images
python3 "$KONTAIN_SOURCE/tests/docs/one_shell.py" "$KONTAIN_SOURCE/docs/building-images.md" tests/build/run.sh >lines.sh
(cd document && PATH=$KONTAIN_SDK/bin:$PATH bash ../lines.sh) >/dev/null 2>progress || { cat progress; fail "the document's lines"; }
expect_contains progress "RUN ip -o link"

# Stages that do not need each other run side by side.
if [ "$(nproc)" -gt 1 ]; then
  printf 'FROM bb AS a\nRUN sleep 3; touch /a\nFROM bb AS b\nRUN sleep 3; touch /b\nFROM bb\nCOPY --from=a /a /\nCOPY --from=b /b /\n' >bad.ctx/Dockerfile
  build --progress plain -t side bad.ctx 2>progress >/dev/null
  second=$(grep -n '\[b 1/1\] RUN' progress | cut -d: -f1)
  ended=$(grep -n '\[a 1/1\] done' progress | cut -d: -f1)
  [ "$second" -lt "$ended" ] || fail "the second stage waited for the first"
fi

# A build that is killed leaves what the next one removes.
printf 'FROM bb\nRUN sleep 60\n' >bad.ctx/Dockerfile
"$KONTAIN_SDK/bin/kontain-build" --store "$store" bad.ctx >/dev/null 2>&1 &
victim=$!
for _ in $(seq 100); do
  find "$store/build" -name config.json 2>/dev/null | grep -q . && break
  sleep 0.1
done
kill -9 "$victim"
wait "$victim" 2>/dev/null || true
sleep 1
build -t steps steps.ctx >/dev/null
build --no-cache -t bb bb.ctx >/dev/null
expect_equal "$(find "$store/build" -mindepth 1 | wc -l)" 0 "what is left of builds"
grep -q "$workdir" /proc/mounts && fail "a mount is left"
echo "run: all passed"
