// The host's own vDSO, shown to the payload: clocks cost no exit and are as exact as natively (NTP, time namespaces).
#pragma once

#include <cstdint>
#include <optional>

namespace kontain::vcpu {

// Where the kernel put [vvar] and [vdso] in our own address space: one run of pages.
struct HostVdso {
  uint64_t start;       // first page of the data
  uint64_t code_start;  // the ELF header (AT_SYSINFO_EHDR)
  uint64_t end;
};

// Read from /proc/self/maps; nothing when the kernel was told not to provide one (vdso=0).
std::optional<HostVdso> find_host_vdso();

}  // namespace kontain::vcpu
