#include "km/vcpu/cpuid.h"

#include <asm/prctl.h>
#include <cpuid.h>
#include <sys/syscall.h>

#include <algorithm>
#include <bit>

#include "base/host_call.h"

namespace kontain::vcpu {
namespace {

constexpr uint32_t kXsaveLeaf = 0xd;
constexpr uint64_t kX87Sse = 3;
constexpr uint64_t kX87SseAvx = 7;

using Leaves = std::vector<kvm_cpuid_entry2>;

kvm_cpuid_entry2 native_leaf(uint32_t function, uint32_t index, uint32_t flags) {
  kvm_cpuid_entry2 entry = {};
  entry.function = function;
  entry.index = index;
  entry.flags = flags;
  __cpuid_count(function, index, entry.eax, entry.ebx, entry.ecx, entry.edx);
  return entry;
}

constexpr uint32_t kIndexed = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;

// Only the leaves that KVM's own checks of CR4, EFER and XCR0 look at.
Leaves leaves_of_checks() {
  Leaves leaves;
  for (uint32_t function : {0u, 1u}) leaves.push_back(native_leaf(function, 0, 0));
  leaves.push_back(native_leaf(7, 0, kIndexed));
  for (uint32_t index : {0u, 1u, 2u}) leaves.push_back(native_leaf(kXsaveLeaf, index, kIndexed));
  for (uint32_t function : {0x80000000u, 0x80000001u, 0x80000008u}) leaves.push_back(native_leaf(function, 0, 0));
  return leaves;
}

// How the last index of a leaf with several is known (Intel's manual, volume 2A, CPUID; AMD's, volume 3, appendix E).
enum class Last { Only, NullType, NullLevel, InEax };

struct LeafKind {
  uint32_t function;
  Last last;
};

// What is neither here nor has an index is a leaf of one. Left out are those of what a payload cannot have: performance
// monitoring, resource control, enclaves, traces, tiles.
constexpr LeafKind kLeafKinds[] = {{4, Last::NullType}, {7, Last::InEax},        {0xb, Last::NullLevel},
                                   {0x18, Last::InEax}, {0x1f, Last::NullLevel}, {0x8000001d, Last::NullType}};
constexpr uint32_t kHidden[] = {0xa, kXsaveLeaf, 0xf, 0x10, 0x12, 0x14, 0x1b, 0x1c, 0x1d, 0x1e, 0x23, 0x24};
constexpr uint32_t kMostIndices = 16;

bool is_last(const kvm_cpuid_entry2& leaf, Last last, uint32_t highest) {
  if (last == Last::NullType) return (leaf.eax & 0x1f) == 0;
  if (last == Last::NullLevel) return (leaf.ecx & 0xff00) == 0;
  return leaf.index >= highest;
}

void add_native_function(Leaves& leaves, uint32_t function) {
  const auto* kind = std::ranges::find(kLeafKinds, function, &LeafKind::function);
  if (kind == std::end(kLeafKinds)) return leaves.push_back(native_leaf(function, 0, 0));
  uint32_t highest = 0;
  for (uint32_t index = 0; index < kMostIndices; ++index) {
    leaves.push_back(native_leaf(function, index, kIndexed));
    if (index == 0 && kind->last == Last::InEax) highest = leaves.back().eax;
    if (is_last(leaves.back(), kind->last, highest)) break;
  }
}

// Leaf 0xD as it is where the operating system enables no more than the usable components.
void add_usable_components(Leaves& leaves) {
  kvm_cpuid_entry2 all = native_leaf(kXsaveLeaf, 0, kIndexed);
  all.eax &= kUsableComponents;
  all.edx = 0;
  Leaves components;
  for (uint32_t bits = all.eax & ~static_cast<uint32_t>(kX87Sse); bits != 0; bits &= bits - 1) {
    components.push_back(native_leaf(kXsaveLeaf, static_cast<uint32_t>(std::countr_zero(bits)), kIndexed));
  }
  constexpr uint32_t kLegacyAndHeader = 576;
  all.ecx = kLegacyAndHeader;
  for (const auto& component : components) all.ecx = std::max(all.ecx, component.eax + component.ebx);
  all.ebx = all.ecx;
  kvm_cpuid_entry2 features = native_leaf(kXsaveLeaf, 1, kIndexed);
  features.ecx = features.edx = 0;
  leaves.insert(leaves.end(), {all, features});
  leaves.insert(leaves.end(), components.begin(), components.end());
}

Leaves all_native_leaves() {
  constexpr uint32_t kMostFunctions = 0x40;
  Leaves leaves;
  for (const uint32_t first : {0u, 0x80000000u}) {
    const uint32_t count = std::min(native_leaf(first, 0, 0).eax - first + 1, kMostFunctions);
    for (uint32_t function = first; function < first + count; ++function) {
      if (std::ranges::find(kHidden, function) == std::end(kHidden)) add_native_function(leaves, function);
    }
  }
  add_usable_components(leaves);
  return leaves;
}

// arch_prctl(2): ARCH_SET_CPUID fails with ENODEV where the processor cannot make CPUID fault.
bool can_fault_cpuid() { return host_call(SYS_arch_prctl, ARCH_SET_CPUID, 1) == 0; }

}  // namespace

Result<std::vector<kvm_cpuid_entry2>> guest_cpuid(const kvm::System& system, Recipe recipe) {
  if (recipe == Recipe::B) return system.supported_cpuid();
  // Each CPUID may be an exit here too.
  return can_fault_cpuid() ? all_native_leaves() : leaves_of_checks();
}

void hide_random_instructions(Leaves& leaves) {
  constexpr uint32_t kRdrand = 1 << 30;  // CPUID.1:ECX
  constexpr uint32_t kRdseed = 1 << 18;  // CPUID.7.0:EBX
  for (kvm_cpuid_entry2& leaf : leaves) {
    if (leaf.function == 1) leaf.ecx &= ~kRdrand;
    if (leaf.function == 7 && leaf.index == 0) leaf.ebx &= ~kRdseed;
  }
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
