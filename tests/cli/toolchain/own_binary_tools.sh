#!/bin/bash
# kontain-ar and the others work without any of the host's.
. "$(dirname "$0")/common.sh"
bin="$KONTAIN_SDK/bin"

echo 'int one(void) { return 1; }' >one.c
echo 'int two(void) { return 2; }' >two.c
echo 'int one(void); int two(void); int main(void) { return one() + two() - 3; }' >main.c
export PATH="/nowhere"
for file in one two main; do "$gcc" -g -c $file.c; done
"$bin/kontain-ar" cr libboth.a one.o two.o
"$bin/kontain-ranlib" libboth.a
same "$("$bin/kontain-ar" t libboth.a)" "one.o
two.o"
"$gcc" -o program main.o -L. -lboth
./program
"$bin/kontain-nm" libboth.a >facts
[[ $(<facts) == *" T one"*" T two"* ]] || fail "nm: $(<facts)"
"$bin/kontain-objdump" -d one.o >facts
[[ $(<facts) == *"<one>:"*retq* ]] || fail "objdump: $(<facts)"
"$bin/kontain-readelf" -hnW program >facts
[[ $(<facts) == *"Advanced Micro Devices X86-64"*Kontain* ]] || fail "readelf: $(<facts)"
"$bin/kontain-size" program >facts
[[ $(<facts) == *text*data*bss* ]] || fail "size: $(<facts)"
"$bin/kontain-objcopy" --only-keep-debug program program.debug
"$bin/kontain-strip" program
"$bin/kontain-nm" program >facts 2>&1
[[ $(<facts) == *"no symbols"* ]] || fail "strip left symbols: $(<facts)"
./program
"$read_note" program >facts
for tool in ar ranlib nm objcopy strip objdump readelf size; do
  text=$("$bin/kontain-$tool" --version)
  [[ $text == "kontain-$tool 0.1.0"* ]] || fail "$tool --version: $text"
done
if "$bin/kontain-ar" t missing.a 2>err; then fail "ar found missing.a"; fi
[[ $(<err) == kontain-ar:* ]] || fail "$(<err)"
export PATH=/usr/bin:/bin
