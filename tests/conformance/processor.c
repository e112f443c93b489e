// What the processor says of itself, and whether it holds: CPUID, XGETBV, the state XSAVE writes.
#include "tests/conformance/case.h"

#include <cpuid.h>

static unsigned a, b, c, d;

static void ask(unsigned leaf, unsigned index) {
  a = b = c = d = 0;
  __cpuid_count(leaf, index, a, b, c, d);
}

static unsigned enabled_components(void) {
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

static int has_xsave(void) {
  ask(1, 0);
  return c >> 27 & 1;
}

// The bytes of an area behind `size` that an instruction wrote in spite of it.
static int written_behind(const unsigned char* area, size_t size) {
  int count = 0;
  for (size_t i = size; i < 16384; i++) count += area[i] != 0xa5;
  return count;
}

static unsigned char area[16384] __attribute__((aligned(64)));

CASE(saved_state_has_the_size_of_leaf_13) {
  if (!has_xsave()) return say("no XSAVE");
  ask(13, 0);
  const unsigned size = b;
  CHECK(size <= c && size <= sizeof area);
  memset(area, 0xa5, sizeof area);
  memset(area + 512, 0, 64);
  __asm__ volatile("xsave64 %0" : "+m"(area) : "a"(-1), "d"(-1));
  say("behind it: %d", written_behind(area, size));
}

// As a dynamic linker finds how much it has to save around a lazy binding.
static unsigned compacted_size(unsigned components) {
  unsigned size = 576;
  for (unsigned i = 2; i < 32; i++) {
    if (!(components >> i & 1)) continue;
    ask(13, i);
    if (c & 2) size = (size + 63) & ~63u;
    size += a;
  }
  return size;
}

CASE(compacted_state_has_the_size_of_its_components) {
  if (!has_xsave()) return say("no XSAVE");
  ask(13, 1);
  if (!(a & 2)) return say("no XSAVEC");
  const unsigned mask = 0xee;
  const unsigned size = compacted_size(mask & enabled_components());
  memset(area, 0xa5, sizeof area);
  memset(area + 512, 0, 64);
  __asm__ volatile("xsavec64 %0" : "+m"(area) : "a"(mask), "d"(0));
  say("behind it: %d", written_behind(area, size));
}

CASE(vectors) {
  ask(1, 0);
  say("AVX %d, FMA %d, SSE4.2 %d, POPCNT %d, AES %d", c >> 28 & 1, c >> 12 & 1, c >> 20 & 1, c >> 23 & 1, c >> 25 & 1);
  ask(7, 0);
  say("AVX2 %d, BMI2 %d, AVX-512F %d, ERMS %d", b >> 5 & 1, b >> 8 & 1, b >> 16 & 1, b >> 9 & 1);
  if (has_xsave()) say("enabled %x", enabled_components() & 0xe7);
}

// C libraries choose by them how large memory is copied.
CASE(caches) {
  ask(0, 0);
  const unsigned leaf = c == 0x6c65746e ? 4 : 0x8000001d;  // Intel's; AMD's
  for (unsigned i = 0; i < 8; i++) {
    ask(leaf, i);
    if ((a & 31) == 0) break;
    say("type %u, level %u, %u KiB", a & 31, a >> 5 & 7,
        (((b >> 22) + 1) * ((b >> 12 & 1023) + 1) * ((b & 4095) + 1) * (c + 1)) >> 10);
  }
}
