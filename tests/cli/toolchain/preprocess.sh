#!/bin/bash
# -E expands macros, with -D, -U, -I and -include.
. "$(dirname "$0")/common.sh"

mkdir include
echo '#define FROM_HEADER 41' >include/header.h
echo '#define INCLUDED 1' >first.h
printf '#include "header.h"\nvalue = FROM_HEADER + INCLUDED + GIVEN;\n#ifdef GONE\ngone\n#endif\n' >text.c
"$gcc" -E -Iinclude -include first.h -DGIVEN=7 -DGONE -UGONE text.c >out
has out '^value = 41 \+ 1 \+ 7;$'
lacks out '^gone$'
"$gcc" -E -P -Iinclude -include first.h -DGIVEN=7 -o text.i text.c
lacks text.i '^#'
"$gcc" -dM -E -x c /dev/null >macros
has macros '#define __x86_64__ 1'
has macros '#define __linux__ 1'
lacks macros '__GLIBC__'
