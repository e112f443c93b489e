# Names are found as a shell finds them, scripts run in their interpreter, argv is as natively.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
payload hello
mkdir bin && cp hello bin/findme
PATH=$workdir/bin:$PATH expect_status 0 "$km" findme a b
expect_equal "$(cat out)" "hello from findme with 2 arguments" "found in PATH"
expect_status 0 "$km" hello
expect_equal "$(cat out)" "hello from hello with 0 arguments" "found in the working directory"
printf '#!%s/hello one argument\n' "$workdir" >script && chmod +x script
expect_status 0 "$km" ./script x
expect_equal "$(cat out)" "hello from $workdir/hello with 3 arguments" "script"
# A script's process has the script's name, and AT_EXECFN is its path, started directly and by a shell.
printf '#!/bin/sh\ncat /proc/$$/comm\n' >named.script && chmod +x named.script
expect_status 0 "$km" ./named.script
expect_equal "$(cat out)" "named.script" "comm of a script"
expect_status 0 "$km" /bin/sh -c './named.script; true'
expect_equal "$(cat out)" "named.script" "comm of a script that a shell starts"
printf '#!/bin/sh\nLD_SHOW_AUXV=1 exec ./inner.script\n' >outer.script
printf '#!/bin/dash\n' >inner.script
chmod +x outer.script inner.script
expect_status 0 "$km" ./outer.script
expect_contains out ./inner.script
expect_status 0 "$km" --argv0 renamed ./hello
expect_equal "$(cat out)" "hello from renamed with 0 arguments" "--argv0"
printf '#!%s/loop\n' "$workdir" >loop && chmod +x loop
expect_status 126 "$km" ./loop
one_line_error "too many levels"
