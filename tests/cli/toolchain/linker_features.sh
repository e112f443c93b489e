#!/bin/bash
# kontain-ld has what build systems ask of ld: scripts, version scripts, maps, garbage collection, -z, build-id, wrapping.
. "$(dirname "$0")/common.sh"
lib="$("$gcc" -print-sysroot)/usr/lib"
start="$lib/crt1.o $lib/crti.o"
end="-lc $lib/crtn.o"

cat >main.c <<'END'
#include <stdio.h>
extern char begin_of_marks[], end_of_marks[];
int used(int), __wrap_answer(void), __real_answer(void);
int answer(void);
__attribute__((section("marks"), used)) static int one = 1;
__attribute__((section("marks"), used)) static int two = 2;
int used(int value) { return value + 1; }
int unused_function(int value) { return value - 1; }
int main(void) { return printf("%d\n", used(41)) != 3; }
END
"$gcc" -O1 -ffunction-sections -fdata-sections -c main.c
"$gcc" -O1 -c -o hello.o "$hello"

# Garbage collection, and what it says; a map of the rest.
run 0 "$ld" --gc-sections --print-gc-sections -Map=program.map -o program $start main.o $end
same "$(./program)" 42
has out 'removing unused section .*\(\.text\.unused_function\)'
has program.map '\.text\.used|used$'
lacks program.map '\.text\.unused_function'
"$KONTAIN_SDK/bin/kontain-nm" program >symbols
lacks symbols unused_function
run 0 "$ld" -M -o program $start main.o $end
has out '\.text\.unused_function|unused_function'

# -r joins, and the result links.
"$gcc" -c -o other.o -x c - <<<'int used(int); int twice(int value) { return 2 * used(value); }'
"$ld" -r -o joined.o main.o other.o
readelf -hW joined.o >facts
has facts 'Type: +REL'
"$KONTAIN_SDK/bin/kontain-nm" joined.o >symbols
has symbols ' T twice$'
has symbols ' T main$'
"$ld" -o program $start joined.o $end
same "$(./program)" 42
run 1 "$read_note" joined.o

# A linker script places sections and defines symbols.
cat >place.ld <<'END'
SECTIONS {
  . = 0x10000000 + SIZEOF_HEADERS;
  .note : { *(.note .note.*) }
  . = 0x10001000;
  .text : { *(.text .text.*) }
  . = ALIGN(0x1000);
  .init_array : { __init_array_start = .; KEEP(*(.init_array*)) __init_array_end = .; }
  .rodata : { *(.rodata .rodata.*) }
  . = ALIGN(0x1000);
  .data : { *(.data .data.*) }
  marks : { begin_of_marks = .; KEEP(*(marks)) end_of_marks = .; }
  .bss : { *(.bss .bss.* COMMON) }
}
END
cat >marks.c <<'END'
#include <stdio.h>
extern int begin_of_marks[], end_of_marks[];
__attribute__((section("marks"), used)) static int one = 1, two = 2;
int main(void) {
  int sum = 0;
  for (int* mark = begin_of_marks; mark < end_of_marks; ++mark) sum += *mark;
  return printf("%d marks, %d\n", (int)(end_of_marks - begin_of_marks), sum) < 0;
}
END
"$gcc" -O1 -c marks.c
for option in "-T place.ld" "-Tplace.ld" "--script=place.ld"; do
  "$ld" $option -o program $start marks.o $end
  same "$(./program)" "2 marks, 3"
  readelf -SW program >facts
  has facts ' \.text +PROGBITS +0000000010001000 '
  "$read_note" program >/dev/null
done
# Through the compiler, as kernels and firmware are built.
"$gcc" -static -Wl,-T,place.ld -o program marks.o
same "$(./program)" "2 marks, 3"

# A version script keeps and names what a library shows.
echo 'int shown(void) { return 1; } int hidden(void) { return 2; }' >lib.c
echo 'V1 { global: shown; local: *; };' >lib.map
"$gcc" -fPIC -c lib.c
for option in "--version-script=lib.map" "--version-script lib.map"; do
  "$ld" -shared -soname libv.so.1 $option -o libv.so lib.o
  readelf -W --dyn-syms --version-info -d libv.so >facts
  has facts 'shown@@V1'
  lacks facts hidden
  has facts 'SONAME.*libv\.so\.1'
done
"$ld" -shared --exclude-libs=ALL -Bsymbolic -o libs.so lib.o
readelf -dW libs.so >facts
has facts 'SYMBOLIC'

# -z, hash styles and build-ids.
"$ld" -shared -z now -z relro -z noexecstack --hash-style=sysv -o libz.so lib.o
readelf -dlW libz.so >facts
has facts 'BIND_NOW|NOW'
has facts 'GNU_RELRO'
has facts 'GNU_STACK .* RW '
has facts '\(HASH\)'
lacks facts 'GNU_HASH'
run 1 "$ld" -z text -shared -o libt.so --no-such-option lib.o
for style in sha1 md5 0x1234abcd; do
  "$ld" --build-id=$style -o program $start hello.o $end
  "$read_note" program >/dev/null
  readelf -nW program >facts
  has facts 'Build ID: [0-9a-f]+'
done
has facts 'Build ID: 1234abcd$'
"$ld" --build-id=none -o program $start hello.o $end
readelf -nW program >facts
lacks facts 'Build ID'
"$ld" -z max-page-size=0x200000 -o program $start hello.o $end
readelf -lW program >facts
has facts 'LOAD .* 0x200000$'
same "$(./program)" "$greeting"

# Symbols from the command line, entry points, wrapped functions, groups, whole archives.
cat >wrap.c <<'END'
int answer(void) { return 41; }
END
cat >wrapped.c <<'END'
#include <stdio.h>
extern char the_size[];
int answer(void);
int __real_answer(void);
int __wrap_answer(void) { return __real_answer() + 1; }
int main(void) { return printf("%d %d\n", answer(), (int)(long)the_size) < 0; }
END
"$gcc" -O1 -fno-pie -c wrap.c wrapped.c
"$ld" --wrap=answer --defsym=the_size=7 -o program $start wrapped.o wrap.o $end
same "$(./program)" "42 7"
cat >entry.c <<'END'
void own_start(void) { asm volatile("syscall" : : "a"(231), "D"(9)); __builtin_unreachable(); }
END
"$gcc" -O1 -c entry.c
for option in "-e own_start" "--entry=own_start"; do
  "$ld" -nostdlib $option -o program entry.o
  run 9 ./program
  [ ! -w /dev/kvm ] || run 9 "$KONTAIN_SDK/bin/km" ./program
done
echo 'int a(void); int b(void) { return a(); }' >b.c
echo 'int b(void); int a(void) { return 3; } int c(void) { return b(); }' >a.c
echo 'int c(void); int main(void) { return c(); }' >c.c
"$gcc" -c a.c b.c c.c
"$KONTAIN_SDK/bin/kontain-ar" rcs liba.a a.o
"$KONTAIN_SDK/bin/kontain-ar" rcs libb.a b.o
"$ld" -o program $start c.o -L. --start-group -la -lb --end-group $end
run 3 ./program
"$KONTAIN_SDK/bin/kontain-ar" rcs libm2.a main.o
"$ld" --whole-archive libm2.a --no-whole-archive -o program $start $end
same "$(./program)" 42

# What is wrong is said, with the linker's name, and leaves no file.
rm -f program
run 1 "$ld" -o program $start wrapped.o $end
has err '^kontain-ld: error: undefined symbol: '
[ ! -e program ] || fail "a failed link left its output"
run 1 "$ld" -T missing.ld -o program $start hello.o $end
has err '^kontain-ld: error: .*missing\.ld'
echo 'SECTIONS { .text : { *(.text }' >broken.ld
run 1 "$ld" -T broken.ld -o program $start hello.o $end
has err '^kontain-ld: error: broken\.ld:1: '
run 0 "$ld" --unresolved-symbols=ignore-all --warn-unresolved-symbols -o program $start c.o $end
