#!/bin/bash
# Precompiled headers: .gch and .pch beside the header, as GCC's and clang's users name them; one that is out of date is
# an error, not the old contents.
. "$(dirname "$0")/common.sh"

mkdir system
printf '#include <stdio.h>\n#include <part.h>\n' >all.h
echo 'int main(void) { return printf("%d\n", three()) < 0; }' >uses.c
for language in c c++; do
  for output in "" all.h.pch all.h.gch; do
    rm -f all.h.?ch
    echo 'static inline int three(void) { return 3; }' >system/part.h
    "$gcc" -isystem system -x $language-header all.h ${output:+-o "$output"}
    # What the header includes is not read again: it need not even be there.
    rm system/part.h
    run 0 "$gcc" -isystem system -x $language -include all.h -c -o uses.o uses.c
    "$gcc" -o program uses.o
    same "$(./program)" 3
  done
done
rm -f all.h.?ch
run 1 "$gcc" -isystem system -include all.h -c uses.c
has err "'part\.h' file not found"

# Made from a header that has changed since, or for another kind of code.
echo 'static inline int three(void) { return 3; }' >all.h
"$gcc" -x c-header all.h
echo 'static inline int three(void) { return 33333; }' >all.h
run 1 "$gcc" -include all.h -c uses.c
has err "all\.h' has been modified since the precompiled header"
"$gcc" -x c-header all.h
run 1 "$gcc" -x c++ -include all.h -c uses.c
has err 'was (disabled|enabled) in PCH file'
