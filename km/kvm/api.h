// KVM's ioctl numbers with the sizes the kernel uses.
//
// <linux/kvm.h> (6.1) declares structures with flexible array members through a macro that adds one byte in C++, so
// that sizeof, and with it the ioctl number, comes out wrong. Here the numbers are spelled out with the right sizes.
#pragma once

#include <linux/kvm.h>
#include <sys/ioctl.h>

namespace kontain::kvm {

inline constexpr unsigned long kGetSupportedCpuid = _IOC(_IOC_READ | _IOC_WRITE, KVMIO, 0x05, 8);
inline constexpr unsigned long kSetCpuid2 = _IOC(_IOC_WRITE, KVMIO, 0x90, 8);
inline constexpr unsigned long kGetMsrs = _IOC(_IOC_READ | _IOC_WRITE, KVMIO, 0x88, 8);
inline constexpr unsigned long kSetMsrs = _IOC(_IOC_WRITE, KVMIO, 0x89, 8);
inline constexpr unsigned long kGetXsave = _IOC(_IOC_READ, KVMIO, 0xa4, 4096);
inline constexpr unsigned long kSetXsave = _IOC(_IOC_WRITE, KVMIO, 0xa5, 4096);
inline constexpr unsigned long kSetSignalMask = _IOC(_IOC_WRITE, KVMIO, 0x8b, 4);

static_assert(sizeof(kvm_regs) == 0x90);
static_assert(sizeof(kvm_sregs) == 0x138);
static_assert(sizeof(kvm_userspace_memory_region) == 32);
static_assert(sizeof(kvm_cpuid_entry2) == 40);
static_assert(sizeof(kvm_msr_entry) == 16);

}  // namespace kontain::kvm
