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
