#include "km/vcpu/cpuid.h"

#include <catch2/catch.hpp>

namespace kontain::vcpu {
namespace {

TEST_CASE("RDRAND and RDSEED are hidden, and nothing else") {
  constexpr uint32_t kAll = ~0U;
  std::vector<kvm_cpuid_entry2> leaves;
  for (const auto& [function, index] : {std::pair{0U, 0U}, {1U, 0U}, {7U, 0U}, {7U, 1U}, {0x80000001U, 0U}}) {
    kvm_cpuid_entry2 leaf = {};
    leaf.function = function, leaf.index = index;
    leaf.eax = leaf.ebx = leaf.ecx = leaf.edx = kAll;
    leaves.push_back(leaf);
  }
  hide_random_instructions(leaves);
  for (const kvm_cpuid_entry2& leaf : leaves) {
    CHECK(leaf.eax == kAll);
    CHECK(leaf.edx == kAll);
    CHECK(leaf.ecx == (leaf.function == 1 ? kAll & ~(1U << 30) : kAll));
    CHECK(leaf.ebx == (leaf.function == 7 && leaf.index == 0 ? kAll & ~(1U << 18) : kAll));
  }
}

}  // namespace
}  // namespace kontain::vcpu
