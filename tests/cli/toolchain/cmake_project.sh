#!/bin/bash
# CMake accepts kontain-gcc as its C compiler and finds threads, as for any gcc.
. "$(dirname "$0")/common.sh"

cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.20)
project(sample C)
find_package(Threads REQUIRED)
add_library(part STATIC part.c)
add_executable(program main.c)
target_link_libraries(program PRIVATE part Threads::Threads)
END
cat >part.c <<'END'
#include <pthread.h>
static void* add(void* value) { *(int*)value += 1; return NULL; }
int increment_in_thread(int value) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, add, &value) != 0 || pthread_join(thread, NULL) != 0) return -1;
  return value;
}
END
cat >main.c <<'END'
#include <stdio.h>
int increment_in_thread(int value);
int main(void) { return printf("%d\n", increment_in_thread(41)) < 0; }
END
env -u CC -u CFLAGS -u LDFLAGS cmake -S . -B build -DCMAKE_C_COMPILER="$gcc" -DCMAKE_BUILD_TYPE=Release >log 2>&1 ||
  { cat log >&2; fail "configuring"; }
cmake --build build >log 2>&1 || { cat log >&2; fail "building"; }
same "$(build/program)" 42
"$read_note" build/program

# The same through the toolchain file, in C++ too, with the tests run by km if this machine can.
cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.20)
project(sample C CXX)
find_package(Threads REQUIRED)
find_package(ZLIB)
if(ZLIB_FOUND)
  message(FATAL_ERROR "found the host's zlib")
endif()
enable_testing()
add_executable(program main.cc)
target_link_libraries(program PRIVATE Threads::Threads)
add_test(NAME program COMMAND program)
END
cat >main.cc <<'END'
#include <iostream>
#include <thread>
int main() { std::thread([] { std::cout << "from a thread" << std::endl; }).join(); }
END
cmake -S . -B cross -DCMAKE_TOOLCHAIN_FILE="$KONTAIN_SDK/share/kontain/kontain.cmake" >log 2>&1 ||
  { cat log >&2; fail "configuring with the toolchain file"; }
cmake --build cross >log 2>&1 || { cat log >&2; fail "building with the toolchain file"; }
"$read_note" cross/program >/dev/null
if [ -w /dev/kvm ]; then ctest --test-dir cross >log 2>&1 || { cat log >&2; fail "ctest"; }; fi

# pkg-config finds the given folder's packages, not the host's.
mkdir pc
printf 'Name: sample\nDescription: d\nVersion: 1\nLibs: -L/x -lsample\nLibs.private: -lm\n' >pc/sample.pc
same "$(KONTAIN_PKG_CONFIG_PATH=$PWD/pc "$KONTAIN_SDK/bin/kontain-pkg-config" --libs sample | sed 's/ *$//')" "-L/x -lsample -lm"
if "$KONTAIN_SDK/bin/kontain-pkg-config" --exists zlib; then fail "found the host's zlib"; fi

# Under ccache: the second compilation is answered from the cache.
if command -v ccache >/dev/null; then
  export CCACHE_DIR=$PWD/ccache
  for i in 1 2; do ccache "$KONTAIN_SDK/bin/kontain-g++" -c main.cc -o "$i.o"; done
  cmp 1.o 2.o
  ccache --print-stats >stats
  has stats '^(direct|preprocessed)_cache_hit[[:space:]]+1$'
fi
