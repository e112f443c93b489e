#include "km/vcpu/cpuid.h"

#include <cpuid.h>

#include <algorithm>

namespace kontain::vcpu {
namespace {

constexpr uint32_t kXsaveLeaf = 0xd;
constexpr uint64_t kX87Sse = 3;
constexpr uint64_t kX87SseAvx = 7;
// x87, SSE, AVX, and the three AVX-512 components: what fits the fixed 4 KiB area of KVM_GET_XSAVE.
constexpr uint64_t kUsableComponents = 0xe7;

kvm_cpuid_entry2 native_leaf(uint32_t function, uint32_t index, uint32_t flags) {
  kvm_cpuid_entry2 entry = {};
  entry.function = function;
  entry.index = index;
  entry.flags = flags;
  __cpuid_count(function, index, entry.eax, entry.ebx, entry.ecx, entry.edx);
  return entry;
}

}  // namespace

Result<std::vector<kvm_cpuid_entry2>> guest_cpuid(const kvm::System& system, Recipe recipe) {
  if (recipe == Recipe::B) return system.supported_cpuid();
  // Each CPUID is an exit here too, so only the leaves that KVM's own checks of CR4, EFER and XCR0 look at.
  constexpr uint32_t kIndexed = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
  std::vector<kvm_cpuid_entry2> leaves;
  for (uint32_t function : {0u, 1u}) leaves.push_back(native_leaf(function, 0, 0));
  leaves.push_back(native_leaf(7, 0, kIndexed));
  for (uint32_t index : {0u, 1u, 2u}) leaves.push_back(native_leaf(kXsaveLeaf, index, kIndexed));
  for (uint32_t function : {0x80000000u, 0x80000001u, 0x80000008u}) leaves.push_back(native_leaf(function, 0, 0));
  return leaves;
}

bool has_bmi2(const std::vector<kvm_cpuid_entry2>& leaves) {
  constexpr uint32_t kBmi2 = 1 << 8;
  return std::ranges::any_of(leaves, [](const kvm_cpuid_entry2& leaf) {
    return leaf.function == 7 && leaf.index == 0 && (leaf.ebx & kBmi2) != 0;
  });
}

std::vector<uint64_t> xcr0_candidates(const std::vector<kvm_cpuid_entry2>& leaves) {
  uint64_t supported = 0;
  for (const kvm_cpuid_entry2& leaf : leaves) {
    if (leaf.function == kXsaveLeaf && leaf.index == 0) supported = leaf.eax | static_cast<uint64_t>(leaf.edx) << 32;
  }
  std::vector<uint64_t> candidates;
  if ((supported & kX87Sse) == kX87Sse) candidates.push_back(supported & kUsableComponents);
  candidates.push_back(kX87SseAvx);
  candidates.push_back(kX87Sse);
  return candidates;
}

}  // namespace kontain::vcpu
