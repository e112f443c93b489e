#!/bin/bash
# Every executable carries the note, in a PT_NOTE segment; nothing else does.
. "$(dirname "$0")/common.sh"

# The flags: the static libc offers direct calls, and every call was found.
identity="kontain-ld $("$gcc" --version | sed -n '1s/kontain-gcc //p') clang 19.1.7"
for mode in -static-pie -no-pie -static -dynamic "-dynamic -no-pie" "-Wl,--gc-sections -ffunction-sections" \
  "-Wl,-s" "-flto" "-Wl,--build-id=none" "-Wl,-z,separate-code"; do
  "$gcc" $mode -o program "$hello"
  flags=0x6
  case "$mode" in -dynamic*) flags=0 ;; esac
  same "$("$read_note" program)" "1 0x000100 $flags $identity"
  readelf -lW program >facts
  has facts '^ +NOTE '
  has facts '\.note\.kontain'
done

"$gcc" -Wl,--build-id -o program "$hello"
readelf -nW program >facts
has facts 'Kontain +0x[0-9a-f]+.*0x4b4d0001'
has facts 'Build ID: [0-9a-f]{40}'
strip -s program
same "$("$read_note" program)" "1 0x000100 0x6 $identity"

# The set of system calls is the one that kontain check finds, with a call by its own instruction in it; there is none
# when a number is computed.
cat >calls.c <<'END'
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char** argv) {
  long result;
  asm volatile("syscall" : "=a"(result) : "a"(SYS_getppid) : "rcx", "r11", "memory");
#ifdef COMPUTED
  if (argc > 1) syscall(atoi(argv[1]));
#endif
  return result < 0 || argc < 0 || !argv;
}
END
for mode in -static-pie "-static -O2"; do
  "$gcc" $mode -o program calls.c
  "$read_note" program calls >numbers
  has numbers '^110$'
  lacks numbers '^41$' # socket
  "$KONTAIN_SDK/bin/kontain" check --json program >report || true
  python3 -c 'import json
print(*sorted(call["number"] for call in json.load(open("report"))[0]["calls"]), sep="\n")' | cmp - numbers ||
    fail "the note's calls are not those that kontain check finds: $mode"
done
"$gcc" -DCOMPUTED -o program calls.c
same "$("$read_note" program)" "1 0x000100 0x2 $identity"
run 1 "$read_note" program calls

echo 'int f(void) { return 1; }' >f.c
"$gcc" -c f.c
"$gcc" -r -o r.o f.o
"$gcc" -shared -o f.so f.c
for file in f.o r.o f.so; do
  readelf -SnW "$file" >facts
  lacks facts '[Kk]ontain'
done
run 1 "$read_note" f.so
