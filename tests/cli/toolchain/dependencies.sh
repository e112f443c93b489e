#!/bin/bash
# -M, -MM, -MD, -MMD, -MF, -MT and -MP write makefile rules.
. "$(dirname "$0")/common.sh"

mkdir d
echo '#define X 1' >d/x.h
printf '#include <stdio.h>\n#include "d/x.h"\nint main(void) { return X - 1; }\n' >a.c
"$gcc" -MM a.c >rule
same "$(cat rule)" "a.o: a.c d/x.h"
"$gcc" -M a.c >rule
has rule "$KONTAIN_SDK/lib/kontain/sysroot/usr/include/stdio.h"
"$gcc" -MMD -MP -MF out.d -MT target -c a.c
has out.d '^target: a.c d/x.h$'
has out.d '^d/x.h:$'
"$gcc" -MD -c a.c
has a.d '^a.o: a.c'
"$gcc" -MMD -o program a.c
has program.d 'd/x.h'
./program
