# Wrong command lines: status 125, one line.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
expect_status 125 "$km" --no-such-option
expect_equal "$(cat err)" "km: --no-such-option: unknown option (km --help lists them)" message
expect_status 125 "$km"
one_line_error "no program"
expect_status 125 "$km" --trace=no_such_call /bin/true
one_line_error no_such_call
expect_status 125 "$km" --thp=perhaps /bin/true
one_line_error perhaps
expect_status 125 "$km" --trace --trace-file /nonexistent/folder/file /bin/true
one_line_error /nonexistent/folder/file
