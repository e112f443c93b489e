// One virtual CPU (Documentation/virt/kvm/api.rst, "vcpu ioctls") with its shared run area.
#pragma once

#include <linux/kvm.h>

#include <cstdint>
#include <span>

#include "base/error.h"
#include "base/mapping.h"
#include "base/unique_fd.h"

namespace kontain::kvm {

// The size of struct kvm_xsave's fixed part: KVM_GET_XSAVE copies exactly this much.
struct XsaveArea {
  unsigned char bytes[4096];
};

struct Msr {
  uint32_t index;
  uint64_t value;
};

class Vcpu {
 public:
  static Result<Vcpu> create(UniqueFd fd, size_t mmap_size);

  // KVM_RUN. 0, or the errno: EINTR for a signal or immediate_exit, EFAULT for an unreachable host page.
  int run() const;
  // The area shared with the kernel. Registers are exchanged through it (KVM_CAP_SYNC_REGS): run() leaves the current
  // ones there and takes those marked dirty.
  kvm_run& shared() const { return *static_cast<kvm_run*>(run_area_.get()); }

  Result<kvm_sregs> sregs() const;
  Result<void> set_sregs(const kvm_sregs& sregs) const;
  Result<void> set_cpuid(std::span<const kvm_cpuid_entry2> entries) const;
  // All of `msrs` or an error that names the first one KVM refused. At most 16.
  Result<void> set_msrs(std::span<const Msr> msrs) const;
  // XCR0; the errno text of the refusal otherwise.
  Result<void> set_xcr0(uint64_t value) const;
  // Makes RDTSC in the guest read the host's time stamp counter (KVM_VCPU_TSC_OFFSET = 0, Linux 5.16).
  Result<void> use_host_tsc() const;
  Result<void> get_xsave(XsaveArea& area) const;
  Result<void> set_xsave(const XsaveArea& area) const;
  int fd() const { return fd_.get(); }
  UniqueFd take_fd() { return std::move(fd_); }
  void set_fd(UniqueFd fd) { fd_ = std::move(fd); }
  bool renumber_fd(int from, int to) { return fd_.renumber(from, to); }  // UniqueFd::renumber

 private:
  Vcpu(UniqueFd fd, Mapping run_area) : fd_(std::move(fd)), run_area_(std::move(run_area)) {}
  UniqueFd fd_;
  Mapping run_area_;
};

}  // namespace kontain::kvm
