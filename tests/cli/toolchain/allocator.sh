#!/bin/bash
# -lmimalloc puts mimalloc in the place of musl's allocator, in C and C++, natively and under km.
. "$(dirname "$0")/common.sh"

cat >program.c <<'END'
#define _GNU_SOURCE
#include <malloc.h>
#include <mimalloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int in_heap(void* memory) { return mi_is_in_heap_region(memory); }
static void* churn(void* unused) {
  for (int i = 1; i < 20000; ++i) {
    char* memory = malloc((size_t)(i % 700 + 1));
    if (!memory || !in_heap(memory)) return memory;
    memory[i % 700] = 1;
    free(memory);
  }
  return unused;
}
int main(void) {
  pthread_t threads[4];
  for (int i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, churn, NULL);
  for (int i = 0; i < 4; ++i) {
    void* bad = NULL;
    if (pthread_join(threads[i], &bad) != 0 || bad) return 1;
  }
  // Whatever free() takes has to come from where free() does.
  void *posix = NULL, *aligned = aligned_alloc(4096, 8192);
  void* blocks[] = {aligned_alloc(64, 64), aligned_alloc(1 << 16, 1 << 17), memalign(256, 10), valloc(10), strndup("text", 3),
                    reallocarray(NULL, 10, 10), posix_memalign(&posix, 128, 1000) == 0 ? posix : NULL};
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; ++i) {
    if (!in_heap(blocks[i]) || malloc_usable_size(blocks[i]) == 0) return printf("block %zu\n", i), 2;
    free(blocks[i]);
  }
  char* grown = realloc(strdup("grown"), 100000);
  printf("%d %d %d %s\n", in_heap(aligned), in_heap(calloc(10, 10)), in_heap(grown), grown);
  free(aligned);
  free(grown);
  return 0;
}
END
cat >program.cc <<'END'
#include <mimalloc.h>
#include <iostream>
#include <string>
#include <vector>
int main() {
  std::vector<std::string> texts(1000, std::string(100, 'x'));
  struct alignas(256) Wide { char bytes[256]; };
  Wide* wide = new Wide;
  if (!mi_is_in_heap_region(wide)) return 1;
  delete wide;
  std::cout << mi_is_in_heap_region(texts.data()) << mi_is_in_heap_region(texts.back().data()) << std::endl;
}
END
for mode in "" -static "-O2 -Wl,--gc-sections"; do
  run 0 "$gcc" $mode -o c program.c -lmimalloc
  same "$(cat err)" ""
  run 0 "$KONTAIN_SDK/bin/kontain-g++" $mode -o cxx program.cc -lmimalloc
  same "$(cat err)" ""
  for way in "" "$KONTAIN_SDK/bin/km"; do
    [ -z "$way" ] || [ -w /dev/kvm ] || continue
    same "$($way ./c)" "1 1 1 grown"
    same "$($way ./cxx)" 11
  done
done
# Without it, musl's.
printf '#include <stdlib.h>\nint main(void) { return malloc(1) == NULL; }\n' >plain.c
"$gcc" -o plain plain.c
"$KONTAIN_SDK/bin/kontain-nm" plain >symbols
has symbols ' malloc$'
lacks symbols ' mi_'
