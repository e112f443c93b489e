// The host's own vDSO, shown to the payload: clocks cost no exit and are as exact as natively (NTP, time namespaces).
#pragma once

#include <cstdint>
#include <optional>

namespace kontain::vcpu {

// Where the kernel put [vdso] in our own address space: whole pages.
struct HostVdso {
  uint64_t start;  // the ELF header (AT_SYSINFO_EHDR)
  uint64_t end;
};

// Nothing when the kernel was told not to provide one (vdso=0). Costs no system call.
std::optional<HostVdso> find_host_vdso();

// Where its data ([vvar] and, since 6.13, [vvar_vclock]) begin, right below it: read from /proc/self/maps. The vDSO's
// own start when that cannot be read.
uint64_t find_host_vdso_data(const HostVdso& vdso);

}  // namespace kontain::vcpu
