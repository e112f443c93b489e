// What processor the guest is told it has, and which state components it may use.
#pragma once

#include <linux/kvm.h>

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "km/kvm/system.h"
#include "km/vcpu/system_pages.h"

namespace kontain::vcpu {

// What a machine learns of the host, the same for every machine on it.
struct HostFacts {
  Recipe recipe = Recipe::A;
  std::vector<kvm_cpuid_entry2> cpuid;  // guest_cpuid()
};

// The CPUID leaves for KVM_SET_CPUID2. Recipe A: the payload sees the processor's own CPUID whatever we say, so a few
// leaves that KVM's checks need are read natively. Recipe B: all that KVM supports.
Result<std::vector<kvm_cpuid_entry2>> guest_cpuid(const kvm::System& system, Recipe recipe);

// True when the processor has SHRX and SHLX.
bool has_bmi2(const std::vector<kvm_cpuid_entry2>& leaves);

// XCR0 candidates, best first: what the leaves allow, then x87+SSE+AVX, then x87+SSE.
std::vector<uint64_t> xcr0_candidates(const std::vector<kvm_cpuid_entry2>& leaves);

}  // namespace kontain::vcpu
