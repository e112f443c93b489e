#include "km/load/layout.h"

#include <sys/syscall.h>

#include <algorithm>

#include "base/checked.h"
#include "base/error.h"
#include "base/host_call.h"

namespace kontain::load {
namespace {

constexpr uint64_t kMinimumGap = 128 << 20;
constexpr uint64_t kMaximumGap = (mem::kGuestTop - mem::kHighStart) / 6 * 5;
// Linux keeps the stack's own randomisation and its guard gap out of the room for growth.
constexpr uint64_t kStackGuardGap = 256 * kPageSize;

uint64_t random_pages(RandomSource& random, uint64_t range) { return page_down(random.next() % range); }

uint64_t stack_gap(uint64_t stack_limit) {
  const uint64_t limit = std::min(page_down(stack_limit), kMaximumGap);
  return std::clamp(limit + kStackRandomRange + kStackGuardGap, kMinimumGap, kMaximumGap);
}

}  // namespace

uint64_t SystemRandom::next() {
  uint64_t bits = 0;
  // SAFETY: the kernel writes at most sizeof bits bytes to our own variable; requests this small are never cut short.
  const long got = host_call(SYS_getrandom, reinterpret_cast<uint64_t>(&bits), sizeof bits, 0);
  KONTAIN_CHECK(got == sizeof bits);
  return bits;
}

AddressLayout choose_layout(RandomSource& random, Randomize randomize, uint64_t stack_limit) {
  AddressLayout layout{.executable_base = mem::kHighStart,
                       .mmap_top = kStackTop - stack_gap(stack_limit),
                       .stack_top = kStackTop,
                       .stack_skip = 0,
                       .brk_skip = 0};
  if (randomize == Randomize::No) return layout;
  layout.executable_base += random_pages(random, kMmapRandomRange);
  layout.mmap_top -= random_pages(random, kMmapRandomRange);
  layout.stack_top -= random_pages(random, kStackRandomRange);
  layout.stack_skip = random.next() % kStackPointerRandomRange;
  layout.brk_skip = random_pages(random, kBrkRandomRange);
  return layout;
}

uint64_t choose_bias(const elf::Image& image, uint64_t base) {
  if (image.kind == elf::Image::Kind::Fixed) return 0;
  return align_up(base - image.low(), image.alignment);
}

}  // namespace kontain::load
