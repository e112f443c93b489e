#!/bin/bash
# Meson configures, compiles and tests a C and C++ project with the SDK's cross file, and takes no library of the host.
. "$(dirname "$0")/common.sh"
need() { command -v "$1" >/dev/null || { echo "skipped: there is no $1"; exit 77; }; }
need meson
need ninja

cat >meson.build <<'END'
project('sample', 'c', 'cpp', default_options: ['cpp_std=c++20'])
assert(not dependency('zlib', required: false).found(), 'found the host\'s zlib')
assert(meson.get_compiler('c').has_function('getrandom'))
part = static_library('part', 'part.c')
program = executable('program', 'main.cc', link_with: part, dependencies: dependency('threads'))
test('program', program, args: ['41'])
END
echo 'int increment(int value) { return value + 1; }' >part.c
cat >main.cc <<'END'
#include <cstdlib>
#include <iostream>
#include <thread>
extern "C" int increment(int value);
int main(int argc, char** argv) {
  int value = argc > 1 ? std::atoi(argv[1]) : 0;
  std::thread([&] { value = increment(value); }).join();
  std::cout << "the answer is " << value << std::endl;
  return value == 42 ? 0 : 1;
}
END
# The cross file says where the SDK will be installed; another one behind it says where this one is.
printf "[constants]\nsdk = '%s'\n" "$KONTAIN_SDK" >place.ini
unset CC CXX CFLAGS CXXFLAGS LDFLAGS
meson setup build --cross-file "$KONTAIN_SDK/share/kontain/kontain.ini" --cross-file place.ini >log 2>&1 ||
  { cat log >&2; fail "configuring"; }
has log 'C compiler for the host machine: .*/bin/kontain-gcc '
has log 'C\+\+ compiler for the host machine: .*/bin/kontain-g\+\+ '
meson compile -C build >log 2>&1 || { cat log >&2; fail "building"; }
"$read_note" build/program >/dev/null
same "$(build/program 41)" "the answer is 42"
# Tests are run by km, when this machine can.
if [ -w /dev/kvm ]; then
  meson test -C build >log 2>&1 || { cat log build/meson-logs/testlog.txt >&2; fail "meson test"; }
  has log '^Ok: +1'
  has build/meson-logs/testlog.txt 'bin/km '
fi
