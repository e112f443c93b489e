#!/bin/bash
# kontain check --learn: what a run really did is added to what was found.
. "$(dirname "$0")/common.sh"
kontain="$KONTAIN_SDK/bin/kontain"
[ -w /dev/kvm ] || { echo "skipped: no usable /dev/kvm"; exit 77; }

# Its number is computed, and it says that it made another one.
cat >computed.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char** argv) {
  fputs("kexec_load(1) = 0\n", stderr);
  if (argc < 3) return 5;
  if (fork() == 0) _exit(syscall(atoi(argv[1])) < 0);
  int status;
  wait(&status);
  return syscall(atoi(argv[2])) < 0 || status != 0;
}
END
"$gcc" -o computed computed.c
run 1 "$kontain" check --all computed
has out 'number not found +computed: main'
lacks out ' getpgrp '
run 1 "$kontain" check --learn --all computed 111 107
has out 'full +getpgrp +seen in a run'
has out 'full +geteuid +seen in a run'
lacks out 'kexec_load'
run 1 "$kontain" check --learn --json computed 111 107
same "$(python3 -c 'import json
print(sorted(c["name"] for c in json.load(open("out"))[0]["calls"] if c["learned"] and c["number"] > 100))')" "['geteuid', 'getpgrp']"
# Options behind the program are its own; a run that ends badly still tells what it did.
run 1 "$kontain" check --learn --all computed
has out 'seen in a run|full +write'
run 125 "$kontain" check --learn
rm computed
run 125 "$kontain" check --learn computed
