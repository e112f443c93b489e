#!/bin/bash
# runenv-python-3.11-static: CPython of source as one static payload, under krun, and a service under docker with krun.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/runenv/lib.sh"
need_runenv
for program in make patch perl tclsh xz bzip2; do command -v $program >/dev/null || skip "there is no $program"; done
make_workdir
make_runenv python-3.11-static

bundle python-3.11-static
program=python-3.11-static/rootfs/usr/bin/python.km
"$KONTAIN_SDK/bin/kontain-readelf" -l "$program" >headers
! grep -q INTERP headers || fail "python.km is not static"
"$KONTAIN_SDK/bin/kontain-readelf" -n "$program" >notes
expect_contains notes "Kontain"
[ ! -e python-3.11-static/rootfs/lib/x86_64-linux-gnu ] || fail "there are shared libraries in it"
cp "$KONTAIN_SOURCE/tests/runenv/smoke.py" python-3.11-static/rootfs/work/
in_bundle python-3.11-static python3 /work/smoke.py >out 2>err || { tail -n 30 out err; fail "smoke.py"; }
expect_contains out "all passed"
cat out

python_service python-3.11-static
start_docker
service python-static service
answers python-static 18084 / '"python": "3.11' python3 -c 'import os; print(os.uname().release)'
echo "python-static: all passed"
