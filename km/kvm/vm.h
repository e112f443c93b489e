// One virtual machine (Documentation/virt/kvm/api.rst, "vm ioctls"). Bound to the mm that created it: after fork(2)
// the child's descriptor only answers EIO, while a child that shares the mm may go on using it.
#pragma once

#include <linux/kvm.h>

#include <cstdint>

#include "base/error.h"
#include "base/unique_fd.h"
#include "km/kvm/vcpu.h"

namespace kontain::kvm {

enum class SlotAccess : uint32_t { ReadWrite = 0, ReadOnly = KVM_MEM_READONLY };

class Vm {
 public:
  Vm(UniqueFd fd, size_t vcpu_mmap_size) : fd_(std::move(fd)), vcpu_mmap_size_(vcpu_mmap_size) {}

  // Makes `size` bytes of our memory at `host` the guest's physical memory at `gpa`; all page-aligned. Never undone:
  // deleting a slot drops everything KVM has shadowed.
  Result<void> add_slot(uint32_t slot, uint64_t gpa, uint64_t size, uint64_t host, SlotAccess access) const;
  Result<Vcpu> create_vcpu(uint32_t id) const;
  // KVM_CHECK_EXTENSION of this machine; 0 when it is not there.
  int check_extension(int capability) const;
  // Where Intel hosts may keep the three pages they need for real-mode emulation.
  void set_tss_address(uint64_t gpa) const;
  int fd() const { return fd_.get(); }
  // Moves the descriptor elsewhere (to a number of the monitor's).
  UniqueFd take_fd() { return std::move(fd_); }
  void set_fd(UniqueFd fd) { fd_ = std::move(fd); }
  bool renumber_fd(int from, int to) { return fd_.renumber(from, to); }  // UniqueFd::renumber

 private:
  UniqueFd fd_;
  size_t vcpu_mmap_size_;
};

}  // namespace kontain::kvm
