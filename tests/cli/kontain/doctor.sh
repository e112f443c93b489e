# What doctor says of this host, and of the same host with something taken away.
. "$KONTAIN_SOURCE/tests/cli/kontain/lib.sh"

expect_status 0 "$kontain" doctor
expect_contains out "Kontainers run here."
grep -qE '^ok +virtual-machine: recipe [AB] ' out || fail "no recipe: $(cat out)"
grep -qE '^ok +sdk: [0-9.]+ \(' out || fail "the SDK's tools do not agree: $(cat out)"

expect_status 0 "$kontain" doctor --json
expect_equal "$(jq -r .ready out)" true ready
expect_equal "$(jq -r .recipe out)" "$("$km" --self-test=json | jq -r .recipe)" recipe
expect_equal "$(jq -r '.checks[] | select(.check == "kvm") | .status' out)" ok kvm
expect_equal "$(jq -r '[.checks[] | select(.status == "problem")] | length' out)" 0 problems
expect_equal "$(jq -r '[.checks[].check] | unique | length' out)" "$(jq -r '.checks | length' out)" "names of checks"
expect_equal "$("$kontain" version)" "$("$kontain" --version)" version

# Words that are no verb, and none at all.
expect_status 125 "$kontain" docter
one_line_error "docter: is no verb (kontain --help lists them)"
expect_status 125 "$kontain"
one_line_error "a verb is expected"

# A hard limit on the address space: not even km's own start, and doctor says why.
expect_status 1 bash -c "ulimit -v 4000000; exec '$kontain' doctor --json"
expect_equal "$(jq -r '.checks[] | select(.check == "address-space") | .status' out)" problem "address space"
expect_equal "$(jq -r .ready out)" false ready

# Another version beside it.
mkdir bin
cp "$kontain" bin/
printf '#!/bin/sh\necho "km 9.9.9 (000000000000)"\n' >bin/km
chmod +x bin/km
expect_status 1 bin/kontain doctor --json
expect_equal "$(jq -r '.checks[] | select(.check == "sdk") | .status' out)" note "a foreign km"
expect_equal "$(jq -r '.checks[] | select(.check == "virtual-machine") | .status' out)" problem "a km without a self-test"

# Without /dev/kvm, which takes a /dev of one's own.
[ "$(id -u)" -eq 0 ] || exit 0
expect_status 1 unshare -m bash -c "mount -t tmpfs none /dev && exec '$kontain' doctor"
expect_contains out "problem  kvm: there is no /dev/kvm"
expect_contains out "Kontainers cannot run here yet"
# As a user who may not open it: a node of one's own, because the mode of the host's is everybody's.
chmod 711 .
cp "$kontain" "$km" .
expect_status 1 unshare -m bash -c "mount -t tmpfs none /dev && mknod -m 0660 /dev/kvm c 10 232 && chgrp 12 /dev/kvm &&
  exec setpriv --reuid 65534 --regid 65534 --clear-groups '$workdir/kontain' doctor"
expect_contains out "problem  kvm: /dev/kvm cannot be opened: Permission denied"
expect_contains out "usermod -aG $(sed -n 's/^\([^:]*\):[^:]*:12:.*/\1/p' /etc/group)"
