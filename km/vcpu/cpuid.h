// What processor the guest is told it has, and which state components it may use.
#pragma once

#include <linux/kvm.h>

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "km/kvm/system.h"
#include "km/vcpu/system_pages.h"

namespace kontain::vcpu {

// XCR0's bits 0 to 9 but 8: x87, SSE, AVX, MPX, AVX-512 and PKRU, which fit the fixed 4 KiB of KVM_GET_XSAVE.
inline constexpr uint64_t kUsableComponents = 0x2ff;

// What calls cost, nanoseconds; 0: not measured yet.
struct CallCost {
  uint64_t exit = 0;     // out of the guest and back
  uint64_t syscall = 0;  // the SYSCALL instruction by itself

  bool is_known() const { return exit != 0; }
};

// What a machine learns of the host, the same for every machine on it.
struct HostFacts {
  Recipe recipe = Recipe::A;
  std::vector<kvm_cpuid_entry2> cpuid;  // guest_cpuid()
  CallCost call_cost;
};

// The CPUID leaves for KVM_SET_CPUID2. Recipe A: on most processors the payload sees their own CPUID whatever we say,
// so a few leaves that KVM's checks need are read natively; where user mode's CPUID can be made to fault (Intel's
// manual, volume 3, "CPUID faulting"), KVM answers from these, so all leaves are, with the state components of XCR0 and
// no others (KVM_GET_SUPPORTED_CPUID there denies AVX, which user mode has). Recipe B: all that KVM supports.
Result<std::vector<kvm_cpuid_entry2>> guest_cpuid(const kvm::System& system, Recipe recipe);

// Takes RDRAND and RDSEED out of the leaves. The payload sees that where CPUID is answered from them.
void hide_random_instructions(std::vector<kvm_cpuid_entry2>& leaves);

// True when the processor has SHRX and SHLX.
bool has_bmi2(const std::vector<kvm_cpuid_entry2>& leaves);

// XCR0 candidates, best first: what the leaves allow, then x87+SSE+AVX, then x87+SSE.
std::vector<uint64_t> xcr0_candidates(const std::vector<kvm_cpuid_entry2>& leaves);

}  // namespace kontain::vcpu
