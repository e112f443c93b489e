# C++ of kontain-g++: iostream, regex, exceptions, threads, natively and under km, static-PIE and fixed.
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
for mode in -static-pie -no-pie; do
  "$KONTAIN_SDK/bin/kontain-g++" -O1 "$mode" -o program "$payloads/cxx.cc"
  run_both ./program
  expect_contains km.out "answer=42"
  expect_contains km.out "caught: thrown in a thread"
done
