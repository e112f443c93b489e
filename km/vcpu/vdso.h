// The host's own vDSO, shown to the payload: clocks cost no exit and are as exact as natively (NTP, time namespaces).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace kontain::vcpu {

// Where the kernel put [vdso] in our own address space: whole pages.
struct HostVdso {
  uint64_t start;  // the ELF header (AT_SYSINFO_EHDR)
  uint64_t end;
};

// Nothing when the kernel was told not to provide one (vdso=0), or there is no procfs to say where its data are.
std::optional<HostVdso> find_host_vdso();

// Where its data ([vvar] and, since 6.13, [vvar_vclock]) begin, right below it: read from /proc/self/maps. The vDSO's
// own start when that cannot be read any more.
uint64_t find_host_vdso_data(const HostVdso& vdso);

// True where the vDSO's getcpu asks for the limit of a segment, which kvm_pvm answers with the number of the vCPU: the
// processor has no RDPID, but RDTSCP.
bool needs_own_getcpu();
// Makes getcpu in a copy of the vDSO read the processor from RDTSCP, as the kernel keeps it there (IA32_TSC_AUX). False
// when it has none, or too short a one.
bool replace_getcpu(std::span<std::byte> vdso);

}  // namespace kontain::vcpu
