# hello, built every way a C program can be.
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
gcc_=$KONTAIN_SDK/bin/kontain-gcc
source=$KONTAIN_SOURCE/examples/hello/hello.c
"$gcc_" -o static-pie "$source"
"$gcc_" -no-pie -o fixed "$source"
"$gcc_" -dynamic -o dynamic-musl "$source"
gcc -o dynamic-glibc "$source"
gcc -static -o static-glibc "$source"
for program in static-pie fixed dynamic-musl dynamic-glibc static-glibc; do
  run_both "./$program" one two
  [ -s native.out ] || fail "$program printed nothing"
done
readelf -lW fixed | grep -qE 'LOAD +0x0+ 0x0*200000 ' || fail "the fixed program is not at 2 MiB"
