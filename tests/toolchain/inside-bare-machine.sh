#!/bin/bash
# What bare-machine.sh runs in its chroot, as an ordinary user.
set -euo pipefail
export PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C HOME=/work TMPDIR=/tmp
die() { echo "FAILED: $*" >&2; exit 1; }

# There is nothing to compile with, and nothing to link against.
for program in cc gcc g++ c++ clang tcc ld ld.lld as ar musl-gcc; do
  ! command -v "$program" >/dev/null || die "$program is here"
done
# make(1) brings one of its own, gnumake.h.
[ -z "$(find /usr/include /usr/local/include -name '*.h' ! -name gnumake.h 2>/dev/null)" ] || die "there are headers"
[ -z "$(find / -xdev -path /opt -prune -o \( -name 'libc.so' -o -name libc.a -o -name crt1.o \) -print 2>/dev/null)" ] || die "there is a libc to link with"
export PATH=/opt/kontain/bin:$PATH
# Search paths of the environment lead to what is no header and no library.
mkdir evil
echo '#error taken from the environment' | tee evil/stdio.h evil/iostream >/dev/null
echo 'no archive' | tee evil/libc.a evil/libc++.a evil/crt1.o >/dev/null
export LIBRARY_PATH=$PWD/evil CPATH=$PWD/evil C_INCLUDE_PATH=$PWD/evil CPLUS_INCLUDE_PATH=$PWD/evil

cat >program.cc <<'END'
#include <iostream>
#include <stdexcept>
#include <thread>
int main() {
  int sum = 0;
  std::thread([&] { sum = 42; }).join();
  try {
    throw std::runtime_error("caught");
  } catch (const std::exception& error) {
    std::cout << error.what() << ' ' << sum << std::endl;
  }
}
END
for mode in -static-pie -static -O2 "-O2 -flto"; do
  # shellcheck disable=SC2086
  kontain-gcc $mode -o hello.km hello.c
  # shellcheck disable=SC2086
  kontain-g++ $mode -o program.km program.cc
  for run in "" km; do
    [ "$($run ./hello.km)" = "Hello, world!" ] || die "hello: $mode ${run:-natively}"
    [ "$($run ./program.km)" = "caught 42" ] || die "C++: $mode ${run:-natively}"
  done
done
echo "C and C++ compile, link and run"
kontain check hello.km >check.out || die "kontain check: $(cat check.out)"

export CC=kontain-gcc CXX=kontain-g++ AR=kontain-ar RANLIB=kontain-ranlib NM=kontain-nm STRIP=kontain-strip
build() {
  local name=$1 start=$SECONDS
  shift
  (cd "$name" && ./configure "$@" && make -j2 && make check) >"$name.log" 2>&1 </dev/null || { tail -n 40 "$name.log"; die "$name"; }
  echo "$name: ./configure && make && make check in $((SECONDS - start)) s"
}
build zlib --static
build xz-utils --disable-shared --disable-nls
# Its configure links a strtoimax of its own where the C library has one; that is for it to say.
build bash --without-bash-malloc --disable-nls bash_cv_func_strtoimax=no
grep -q '^# FAIL:  0' xz-utils.log || die "xz-utils: $(grep '^# FAIL' xz-utils.log)"
grep -q 'zlib test OK' zlib.log || die "zlib: its test did not pass"
# Bash's tests print differences and succeed.
awk '/^run-/ { test = $1; next } /^warning:/ { next } NF && test && !seen[test]++ { print test }' bash.log >bash.differences
echo "bash: $(grep -c '^run-' bash.log) tests, $(wc -l <bash.differences) with output: $(tr '\n' ' ' <bash.differences)"
[ "$(grep -c '^run-' bash.log)" -gt 70 ] || die "bash: its tests did not run"
# Messages of another C library than glibc, and what a terminal or root would change: a few, not most.
[ "$(wc -l <bash.differences)" -lt 20 ] || die "bash: most of its tests print differences"
