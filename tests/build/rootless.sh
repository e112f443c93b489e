#!/bin/bash
# RUN by a user without privileges: in a user namespace, with the users of /etc/subuid when newuidmap is there, and alone
# when it is not.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/build/lib.sh"
need_kvm
[ "$(id -u)" -eq 0 ] || skip "root lends the user its subordinate ids"
for program in busybox setpriv newuidmap newgidmap unshare; do command -v $program >/dev/null || skip "there is no $program"; done
readonly user=1000
# /dev/kvm and /etc/subuid are for this user in a mount namespace of the test's own.
if [ "${BUILD_ROOTLESS_INSIDE:-}" != 1 ]; then
  exec env BUILD_ROOTLESS_INSIDE=1 unshare --mount --propagation private bash "$0"
fi
make_store
trap 'umount /dev/kvm /etc/subuid /etc/subgid "$workdir/device" 2>/dev/null; rm -rf "$workdir"' EXIT
mkdir device home tools
mount -t tmpfs tmpfs device
mknod -m 666 device/kvm c 10 232
mount --bind device/kvm /dev/kvm
for file in subuid subgid; do
  [ -e "/etc/$file" ] || skip "there is no /etc/$file"
  echo "$user:500000:65536" >"$file"
  mount --bind "$file" "/etc/$file"
done
cp "$KONTAIN_SDK"/bin/{krun,km,kontain-build} tools/
chmod 755 . tools
make_busybox_rootfs bb
chmod 1777 bb/tmp
mkdir base app
tar -C bb -cf base/root.tar .
printf 'FROM scratch\nADD root.tar /\n' >base/Dockerfile
cat >app/Dockerfile <<'END_OF_FILE'
FROM base
RUN mkdir -p /data/private && echo made >/data/private/file && chown -R 33:44 /data && chmod 700 /data/private
RUN cat /proc/self/uid_map >/map && uname -r >/kernel && rm /bin/vi && chmod 750 /home/user
USER user
RUN id -u >/home/user/id && test ! -r /data/private/file
USER root
RUN cat /data/private/file >/copy && stat -c '%u:%g %a' /data/private /home/user >/facts
END_OF_FILE
cp -r app one-user && printf 'FROM base\nRUN echo alone >/file && id -u >>/file\n' >one-user/Dockerfile
chown -R $user:$user home base app one-user

as_user() {
  setpriv --reuid=$user --regid=$user --clear-groups env -i PATH="$PATH" HOME="$workdir/home" TMPDIR=/tmp "$@"
}
user_build() { as_user timeout -k 5 300 "$workdir/tools/kontain-build" --store "$workdir/home/store" "$@"; }

user_build -t base base >/dev/null
# What does not depend on who builds: the map and the kernel are the steps' own view.
user_build -t app --print digest app >by-user 2>err || fail "the build by a user: $(cat err)"
expect_equal "$(cat err)" "" "warnings"
user_build unpack app home/app >/dev/null
root=home/app/rootfs
case $(cat $root/kernel) in *.kontain) ;; *) fail "the step did not run under km: $(cat $root/kernel)" ;; esac
grep -qE "^ +0 +$user +1$" $root/map || fail "root of the step is not the user: $(cat $root/map)"
grep -qE "^ +1 +500000 +65536$" $root/map || fail "there are no others: $(cat $root/map)"
expect_equal "$(cat $root/home/user/id)" 1000 "the user of a step"
expect_equal "$(tr '\n' ' ' <$root/facts)" "33:44 700 1000:1000 750 " "owners that stay from step to step"
test ! -e $root/bin/vi || fail "what was removed is there"
expect_equal "$(find home/store/build -mindepth 1 | wc -l)" 0 "what is left of builds"

# The same Dockerfile by root: the same image, but for the map that a step wrote down.
build -t base base >/dev/null
sed -i 's|cat /proc/self/uid_map >/map \&\& ||' app/Dockerfile
build -t app --print digest app >by-root
user_build -t app --print digest app >by-user
expect_equal "$(cat by-user)" "$(cat by-root)" "the digest by a user and by root"
# Built again from the cache: nothing of the machine is needed.
as_user unshare --user true || fail "no user namespaces here"
expect_equal "$(user_build --print digest app)" "$(cat by-root)" "the digest from the cache"

# What a killed build left is the user's to remove, files of subordinate users in folders of theirs, too.
mkdir -p home/store/build/7-0/root0/private
echo x >home/store/build/7-0/root0/private/file
touch home/store/build/7-0.lock
chown -R $user:$user home/store/build
chown -R 500032:500043 home/store/build/7-0/root0/private
chmod 700 home/store/build/7-0/root0/private
user_build gc >/dev/null || fail "gc of what a killed build left"
expect_equal "$(find home/store/build -mindepth 1 | wc -l)" 0 "what gc leaves of builds"

# A step of a subordinate user ends with the builder; so does one whose krun was killed before it, when gc comes.
readonly length=$((100000 + $$))
printf 'FROM base\nUSER user\nRUN echo begun at; sleep %s\n' $length >one-user/Dockerfile
goes_on() { pgrep -f "sleep $length\$" >/dev/null; }
ended() { ! goes_on; }
is_clean() { user_build gc >/dev/null 2>&1 && [ -z "$(find home/store/build -mindepth 1)" ]; }
trap 'pkill -KILL -f "sleep $length\$" || true; umount /dev/kvm /etc/subuid /etc/subgid "$workdir/device" 2>/dev/null; rm -rf "$workdir"' EXIT
begin_step() {
  user_build --progress plain -t one-user one-user >output 2>&1 &
  in_time grep -q 'begun at$' output || fail "the step does not begin: $(cat output)"
  goes_on || fail "the step is not seen"
}
end_builders() { pkill -KILL -f "^$workdir/tools/kontain-build --store"; }
begin_step
end_builders
in_time ended || fail "a step goes on behind its builder"
in_time is_clean || fail "gc leaves $(find home/store/build -mindepth 1 -maxdepth 2)"
begin_step
pkill -STOP -f "^$workdir/tools/kontain-build --store"
pkill -KILL -f "^$workdir/tools/krun .*run "
end_builders
goes_on || fail "the step ended by itself, which proves nothing"
in_time is_clean || fail "gc leaves $(find home/store/build -mindepth 1 -maxdepth 2): $(user_build gc 2>&1)"
in_time ended || fail "a step goes on that gc has removed the folder of"
wait

# Without newuidmap: the user alone, which is said.
mkdir empty
printf 'FROM base\nRUN echo by hand >/file && id -u >>/file\n' >one-user/Dockerfile
as_user PATH="$workdir/empty" /usr/bin/timeout -k 5 300 "$workdir/tools/kontain-build" --store "$workdir/home/store" \
  -t by-hand one-user >/dev/null 2>err || fail "the build without newuidmap: $(cat err)"
expect_contains err "kontain-build: warning: without root: cannot start: newuidmap: No such file or directory: every file in RUN steps belongs to root"
user_build unpack by-hand home/by-hand >/dev/null
expect_equal "$(tr '\n' ' ' <home/by-hand/rootfs/file)" "by hand 0 " "what the step wrote without newuidmap"

# Without subordinate ids: the same.
printf 'FROM base\nRUN echo alone >/file && id -u >>/file\n' >one-user/Dockerfile
: >subuid
user_build -t one-user one-user >/dev/null 2>err || fail "the build by one user alone: $(cat err)"
expect_contains err "kontain-build: warning: without root: /etc/subuid has no range for user $user: every file in RUN steps belongs to root"
user_build unpack one-user home/one >/dev/null
expect_equal "$(tr '\n' ' ' <home/one/rootfs/file)" "alone 0 " "what the step wrote"
printf 'FROM base\nUSER user\nRUN true\n' >one-user/Dockerfile
refuses "RUN: USER user: without root only users of /etc/subuid can be named" user_build one-user

echo "rootless: all passed"
