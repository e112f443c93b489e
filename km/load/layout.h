// Where a program goes in the guest ranges: the choices that Linux randomises (fs/binfmt_elf.c, arch/x86/mm/mmap.c),
// as pure functions of a source of random bits.
#pragma once

#include <cstdint>

#include "km/elf/image.h"
#include "km/mem/ranges.h"

namespace kontain::load {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual uint64_t next() = 0;  // 64 uniformly distributed bits
};

// getrandom(2).
class SystemRandom final : public RandomSource {
 public:
  uint64_t next() override;
};

// No: the payload's personality has ADDR_NO_RANDOMIZE.
enum class Randomize : uint8_t { No, Yes };

// The stack's highest possible end. The page above stays unmapped: what follows kGuestTop is the monitor's, and a
// payload that runs off its stack should fault, not read it.
inline constexpr uint64_t kStackTop = mem::kGuestTop - 4096;
inline constexpr uint64_t kStackRandomRange = uint64_t{1} << 34;        // 16 GiB, arch/x86: stack_maxrandom_size
inline constexpr uint64_t kMmapRandomRange = uint64_t{1} << (28 + 12);  // 1 TiB: vm.mmap_rnd_bits = 28
inline constexpr uint64_t kBrkRandomRange = 32 << 20;                   // arch_randomize_brk
inline constexpr uint64_t kStackPointerRandomRange = 8192;              // arch_align_stack

struct AddressLayout {
  uint64_t executable_base = 0;  // where an ET_DYN main program's first page is wanted, page-aligned
  uint64_t mmap_top = 0;         // mmap's top-down search starts below this address, page-aligned
  uint64_t stack_top = 0;        // end of the stack mapping, page-aligned
  uint64_t stack_skip = 0;       // bytes left unused between the strings and the vectors, below 8192
  uint64_t brk_skip = 0;         // bytes between the image's end and the heap, page-aligned
};

// `stack_limit`: the payload's soft RLIMIT_STACK in bytes (RLIM_INFINITY is fine); the gap left for the stack's growth
// follows it, between 128 MiB and five sixths of the upper range.
AddressLayout choose_layout(RandomSource& random, Randomize randomize, uint64_t stack_limit);

// What to add to a Movable image's addresses so that its first page is at or just above `base` and every segment keeps
// its alignment. Wraps for images linked above `base`. 0 for a Fixed image.
uint64_t choose_bias(const elf::Image& image, uint64_t base);

}  // namespace kontain::load
