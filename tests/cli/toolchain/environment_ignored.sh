#!/bin/bash
# Search paths in the environment change nothing; other variables are heard.
. "$(dirname "$0")/common.sh"

mkdir evil
echo '#error from the environment' | tee evil/stdio.h evil/stdlib.h >/dev/null
echo 'not an archive' | tee evil/libc.a evil/crt1.o evil/rcrt1.o >/dev/null
for variable in CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH OBJC_INCLUDE_PATH LIBRARY_PATH COMPILER_PATH GCC_EXEC_PREFIX \
  LD_RUN_PATH SYSROOT; do
  env "$variable=$PWD/evil" "$gcc" -o program "$hello"
  same "$(./program)" "$greeting"
done
PATH="" "$gcc" -o program "$hello"
same "$(./program)" "$greeting"
echo 'const char* date = __DATE__;' >date.c
SOURCE_DATE_EPOCH=0 "$gcc" -E date.c >out
has out 'Jan  1 1970'
