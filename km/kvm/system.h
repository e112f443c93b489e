// The KVM device itself (Documentation/virt/kvm/api.rst, "system ioctls").
#pragma once

#include <linux/kvm.h>

#include <cstddef>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "km/kvm/vm.h"

namespace kontain::kvm {

class System {
 public:
  // Opens /dev/kvm and checks what every host must offer: API version 12, synchronised registers, immediate exit,
  // XCRs. The error says which is missing and what to do about it.
  static Result<System> open();
  // Takes over a descriptor that is already open (handed over on exec or by the runtime) and checks the same.
  static Result<System> adopt(UniqueFd fd);

  // A new, empty virtual machine.
  Result<Vm> create_vm() const;
  // KVM_GET_SUPPORTED_CPUID. Expensive on hosts without hardware virtualisation (0.3-0.4 ms).
  Result<std::vector<kvm_cpuid_entry2>> supported_cpuid() const;
  // Bytes of the area a vCPU shares with us.
  size_t vcpu_mmap_size() const { return vcpu_mmap_size_; }
  int fd() const { return fd_.get(); }
  // Moves the descriptor elsewhere: `keep` takes it and returns the one to use.
  template <class Keep>
  Result<void> move_fd(Keep&& keep) {
    TRY_ASSIGN(fd_, keep(std::move(fd_)));
    return {};
  }
  // UniqueFd::renumber.
  bool renumber_fd(int from, int to) { return fd_.renumber(from, to); }

 private:
  System(UniqueFd fd, size_t vcpu_mmap_size) : fd_(std::move(fd)), vcpu_mmap_size_(vcpu_mmap_size) {}
  UniqueFd fd_;
  size_t vcpu_mmap_size_;
};

}  // namespace kontain::kvm
