#include "km/kvm/vm.h"

#include <sys/ioctl.h>

#include <cerrno>

namespace kontain::kvm {

Result<void> Vm::add_slot(uint32_t slot, uint64_t gpa, uint64_t size, uint64_t host, SlotAccess access) const {
  kvm_userspace_memory_region region = {slot, static_cast<uint32_t>(access), gpa, size, host};
  if (ioctl(fd_.get(), KVM_SET_USER_MEMORY_REGION, &region) != 0) {
    return fail_errno("KVM_SET_USER_MEMORY_REGION", "slot " + std::to_string(slot), errno);
  }
  return {};
}

Result<Vcpu> Vm::create_vcpu(uint32_t id) const {
  UniqueFd fd(ioctl(fd_.get(), KVM_CREATE_VCPU, static_cast<unsigned long>(id)));
  if (!fd) return fail_errno("KVM_CREATE_VCPU", std::to_string(id), errno);
  return Vcpu::create(std::move(fd), vcpu_mmap_size_);
}

int Vm::check_extension(int capability) const {
  const int value = ioctl(fd_.get(), KVM_CHECK_EXTENSION, static_cast<unsigned long>(capability));
  return value < 0 ? 0 : value;
}

void Vm::set_tss_address(uint64_t gpa) const { ioctl(fd_.get(), KVM_SET_TSS_ADDR, gpa); }

}  // namespace kontain::kvm
