#!/bin/bash
# demo.sh [RELEASE.tar.gz]: what Kontain does, in one go and without a question: installs a release into a folder of its own
# (without one: what is in PATH), compiles a first kontainer, puts an ordinary program into an image, converts that image,
# runs it, and takes everything away again. Needs /dev/kvm.
set -euo pipefail
release=${1:-}
[ -z "$release" ] || release=$(readlink -f "$release")
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

step=0
say() {
  step=$((step + 1))
  printf '\n%d. %s\n' "$step" "$1"
}
show() {
  printf '   $ %s\n' "$*"
  "$@" 2>&1 | sed 's/^/     /'
}

if [ -n "$release" ]; then
  say "Install the release into a folder. It needs no root, and nothing else of the machine."
  tar -xzf "$release"
  show sh ./kontain-*/install.sh --prefix "$work/kontain" --no-links --no-smoke-test
  export PATH=$work/kontain/bin:$PATH
fi

say "Can this machine run kontainers? The doctor looks at processor, kernel, /dev/kvm and engines."
show kontain doctor

say "Compile a program. kontain-gcc takes GCC's options and needs no other compiler."
show kontain-gcc -O2 -o hello.km "$here/hello/hello.c"

say "Run it as the only tenant of a virtual machine. The same file runs natively, too."
show km hello.km
show ./hello.km

say "What it asks of the outside world: a few system calls, all known before it runs."
show kontain check hello.km

say "An ordinary program, not compiled for Kontain, as an image: the program and its libraries, nothing else."
program=$(command -v uname)
show kontain-build --store images -t uname:ordinary --payload "$program" --closure --arg=-r

say "Convert that image: its layers stay as they are, every program in it is checked first."
show kontain-build --store images convert uname:ordinary -t uname:kontainer --check

say "Build it again: the same bytes, on every machine."
show kontain-build --store images verify uname:ordinary

say "And run the program. The kernel's release ends in .kontain: a virtual machine answered, not this host."
show km "$program" -r

if [ -n "$release" ]; then
  say "Away again: nothing is left."
  show sh "$work/kontain/install.sh" --prefix "$work/kontain" --uninstall
fi
printf '\nThat was all. docs/getting-started.md goes on from here.\n'
