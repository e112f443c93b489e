#include "km/signal/xstate.h"

#include <cpuid.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "km/vcpu/cpuid.h"

namespace kontain::signal {
namespace {

constexpr size_t kLegacySize = 512;  // FXSAVE's
constexpr size_t kHeaderSize = 64;
constexpr size_t kMarkOffset = 464;  // software's bytes of the legacy part
constexpr size_t kMxcsrOffset = 24;
constexpr size_t kMxcsrMaskOffset = 28;
constexpr uint32_t kDefaultMxcsrMask = 0xffbf;
constexpr uint32_t kMagic1 = 0x46505853;  // FP_XSTATE_MAGIC1
constexpr uint32_t kMagic2 = 0x46505845;  // FP_XSTATE_MAGIC2

struct Mark {
  uint32_t magic1;
  uint32_t extended_size;
  uint64_t features;
  uint32_t xstate_size;
  uint32_t padding[7];
};
static_assert(sizeof(Mark) == 48);

struct Layout {
  uint64_t components = 3;
  size_t size = kLegacySize + kHeaderSize;
};

Layout find_layout() {
  Layout layout;
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (!__get_cpuid_count(0xd, 0, &eax, &ebx, &ecx, &edx)) return layout;
  const uint64_t supported = (eax | static_cast<uint64_t>(edx) << 32) & vcpu::kUsableComponents;
  layout.components |= supported;
  for (uint64_t bits = supported & ~uint64_t{3}; bits != 0; bits &= bits - 1) {
    __get_cpuid_count(0xd, static_cast<unsigned>(std::countr_zero(bits)), &eax, &ebx, &ecx, &edx);
    if (ebx + eax <= sizeof(kvm::XsaveArea)) layout.size = std::max<size_t>(layout.size, ebx + eax);
  }
  return layout;
}

// CPUID traps on some hosts: asked once, when the first signal is delivered.
const Layout& layout() {
  static const Layout found = find_layout();
  return found;
}

template <class T>
T read(std::span<const std::byte> bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

bool has_marks(std::span<const std::byte> frame) {
  const auto mark = read<Mark>(frame, kMarkOffset);
  return mark.magic1 == kMagic1 && mark.xstate_size == layout().size && mark.extended_size >= mark.xstate_size &&
         read<uint32_t>(frame, mark.xstate_size) == kMagic2;
}

void drop_reserved_mxcsr(kvm::XsaveArea& area) {
  uint32_t mxcsr = 0;
  std::memcpy(&mxcsr, area.bytes + kMxcsrOffset, sizeof mxcsr);
  mxcsr &= kDefaultMxcsrMask;
  std::memcpy(area.bytes + kMxcsrOffset, &mxcsr, sizeof mxcsr);
}

}  // namespace

size_t xstate_size() { return layout().size; }
size_t xstate_frame_size() { return layout().size + sizeof kMagic2; }

void encode_xstate(const kvm::XsaveArea& area, std::span<std::byte> out) {
  const Layout& known = layout();
  std::memcpy(out.data(), area.bytes, known.size);
  const Mark mark = {kMagic1,
                     static_cast<uint32_t>(known.size + sizeof kMagic2),
                     known.components,
                     static_cast<uint32_t>(known.size),
                     {}};
  std::memcpy(out.data() + kMarkOffset, &mark, sizeof mark);
  std::memcpy(out.data() + known.size, &kMagic2, sizeof kMagic2);
}

void decode_xstate(std::span<const std::byte> frame, kvm::XsaveArea& area) {
  const Layout& known = layout();
  reset_xstate(area);
  uint64_t components = 3;
  if (has_marks(frame)) {
    std::memcpy(area.bytes, frame.data(), known.size);
    components = read<uint64_t>(frame, kLegacySize) & known.components;
  } else {
    std::memcpy(area.bytes, frame.data(), kLegacySize);
  }
  std::memset(area.bytes + kMarkOffset, 0, kLegacySize - kMarkOffset);
  std::memset(area.bytes + kLegacySize, 0, kHeaderSize);
  std::memcpy(area.bytes + kLegacySize, &components, sizeof components);
  drop_reserved_mxcsr(area);
}

void reset_xstate(kvm::XsaveArea& area) {
  constexpr uint16_t kControlWord = 0x37f;
  constexpr uint32_t kMxcsr = 0x1f80;
  std::memset(area.bytes, 0, sizeof area.bytes);
  std::memcpy(area.bytes, &kControlWord, sizeof kControlWord);
  std::memcpy(area.bytes + kMxcsrOffset, &kMxcsr, sizeof kMxcsr);
  std::memcpy(area.bytes + kMxcsrMaskOffset, &kDefaultMxcsrMask, sizeof kDefaultMxcsrMask);
  const uint64_t components = 3;
  std::memcpy(area.bytes + kLegacySize, &components, sizeof components);
}

}  // namespace kontain::signal
