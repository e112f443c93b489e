#!/bin/bash
# kontain check: what programs of each kind get as a verdict, and why.
. "$(dirname "$0")/common.sh"
kontain="$KONTAIN_SDK/bin/kontain"

"$gcc" -o static "$hello"
run 0 "$kontain" check static
has out '^static: runs$'
has out 'static executable'
run 0 "$kontain" check --all static
has out '^ +full +writev +static: __stdio_write'
lacks out ' socket '

# A call by its own instruction, by syscall(2), and one whose number nobody knows.
cat >calls.c <<'END'
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char** argv) {
  long result;
  asm volatile("syscall" : "=a"(result) : "a"(SYS_getppid) : "rcx", "r11", "memory");
  if (argc > 1) syscall(SYS_kexec_load, 0, 0, 0, 0);
  if (argc > 2) syscall(atoi(argv[2]));
  return result < 0;
}
END
for mode in "-O2 -static" "-O0 -static-pie"; do
  "$gcc" $mode -o calls calls.c
  run 1 "$kontain" check --all calls
  has out '^calls: runs, with notes'
  has out 'full +getppid +calls: main'
  has out 'refused +kexec_load +calls: main'
  has out 'note: it can make 1 calls that always fail'
  has out 'number not found +calls: main'
done

# The linker warns of the same, and links; ld's options silence it. Nothing is said of what runs.
run 0 "$gcc" -O2 -static -o calls calls.c
has err '^kontain-[a-z]+: warning: calls: main: kexec_load always fails under km$'
lacks err 'number'
run 0 "$gcc" -O2 -static -Wl,--kontain-check -o calls calls.c
has err '^kontain-[a-z]+: warning: calls: main: the number of a system call was not found$'
for silent in --no-kontain-check -w --no-warnings; do
  run 0 "$gcc" -O2 -static "-Wl,$silent" -o calls calls.c
  [ ! -s err ] || fail "$silent: $(cat err)"
done
run 0 "$gcc" -o static "$hello"
[ ! -s err ] || fail "hello: $(cat err)"

# Dynamic programs with their libraries; what is missing.
run 1 "$kontain" check --all /bin/bash
has out 'dynamic executable, interpreter /lib64/ld-linux-x86-64.so.2, [0-9]+ libraries'
has out 'full +openat|partial +openat'
has out 'libc.so.6: '
echo 'int f(void) { return 0; }' >f.c
echo 'int f(void); int main(void) { return f(); }' >main.c
cc -shared -o libf.so f.c
cc -o user main.c -L. -lf -Wl,-rpath,'$ORIGIN'
run 1 "$kontain" check user
lacks out 'problem'
cc -shared -o libg.so -x c - -L. -lf <<<'int f(void); int g(void) { return f(); }'
mv libf.so elsewhere
run 1 "$kontain" check libg.so
has out '^libg.so: usable, with notes'
has out 'note: the library libf.so is not found'
run 2 "$kontain" check user
has out '^user: will not run'
has out 'problem: the library libf.so is not there'
cc -o lost main.c f.c -Wl,--dynamic-linker=/no/loader.so
run 2 "$kontain" check lost
has out 'problem: its interpreter /no/loader.so is not there'

# Foreign and broken files, scripts.
cp static foreign
printf '\xb7\x00' | dd of=foreign bs=1 seek=18 conv=notrunc status=none
run 2 "$kontain" check foreign
has out 'another processor: aarch64'
cp static old
printf '\x01' | dd of=old bs=1 seek=4 conv=notrunc status=none
run 2 "$kontain" check old
has out 'problem: it is a 32-bit program'
printf '#!/bin/sh\nexit 0\n' >good.script
printf '#!/no/shell\n' >bad.script
printf '#!/usr/bin/env no-such-program\n' >lost.script
run 1 "$kontain" check good.script
has out 'script, run by /bin/sh'
run 2 "$kontain" check bad.script
has out 'its interpreter /no/shell is not there'
run 2 "$kontain" check lost.script
has out 'no-such-program is not in PATH'
echo text >text
run 125 "$kontain" check text
has err '^kontain: text: neither ELF file nor script'
run 125 "$kontain" check /nonexistent
has err '^kontain: /nonexistent: No such file'
run 125 "$kontain" check
head -c 700 static >cut
run 125 "$kontain" check cut
has err 'cut off'

# Instructions that no processor has had for long, in a program that does not ask; and in one that does.
cat >old.c <<'END'
#ifdef ASKS
#include <cpuid.h>
static int present(void) { unsigned a, b, c, d; return __get_cpuid(0x80000001, &a, &b, &c, &d) && d >> 31; }
#else
static int present(void) { return 0; }
#endif
__attribute__((noinline)) void add(void) { asm volatile("pfadd %mm1, %mm0"); }
int main(void) { if (present()) add(); return 0; }
END
"$gcc" -O0 -o asks -DASKS old.c
run 0 "$kontain" check asks
if ! grep -qw 3dnow /proc/cpuinfo; then
  "$gcc" -O0 -o silent old.c
  run 1 "$kontain" check silent
  has out 'note: silent: add has 3DNow! instructions, which this processor lacks'
fi

# A folder: the worst verdict counts, JSON has them all.
mkdir folder
cp static calls folder
run 1 "$kontain" check --json folder
same "$(python3 -c 'import json; print([(r["path"], r["verdict"]) for r in json.load(open("out"))])')" \
  "[('folder/calls', 'runs-with-notes'), ('folder/static', 'runs')]"
same "$(python3 -c 'import json
calls = [c for r in json.load(open("out")) for c in r["calls"] if c["name"] == "getppid"]
print(len(calls), calls[0]["number"], calls[0]["support"], calls[0]["symbol"])')" "1 110 full main"
chmod +x bad.script
cp bad.script cut folder
run 2 "$kontain" check folder
