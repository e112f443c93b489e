#include "km/kvm/system.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

#include "km/kvm/api.h"

namespace kontain::kvm {
namespace {

constexpr char kDevice[] = "/dev/kvm";

struct RequiredCapability {
  int capability;
  const char* name;
};
constexpr RequiredCapability kRequired[] = {
    {KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY"},       {KVM_CAP_SYNC_REGS, "KVM_CAP_SYNC_REGS"},
    {KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT"}, {KVM_CAP_XCRS, "KVM_CAP_XCRS"},
    {KVM_CAP_READONLY_MEM, "KVM_CAP_READONLY_MEM"},
};

Error open_error(int errno_value) {
  switch (errno_value) {
    case ENOENT:
      return {kDevice, "",
              "no such device: load the kvm module, or enable virtualisation in the firmware or for this machine",
              errno_value};
    case EACCES:
    case EPERM:
      return {kDevice, "", "permission denied: this user may not use KVM (add it to the group that owns the device)",
              errno_value};
    case ENODEV:
    case ENXIO: return {kDevice, "", "the device is there but no KVM module answers", errno_value};
    default: return {kDevice, "", errno_text(errno_value), errno_value};
  }
}

}  // namespace

Result<System> System::open() {
  UniqueFd fd(::open(kDevice, O_RDWR | O_CLOEXEC));
  if (!fd) return tl::make_unexpected(open_error(errno));
  return adopt(std::move(fd));
}

Result<System> System::adopt(UniqueFd fd) {
  const int api = ioctl(fd.get(), KVM_GET_API_VERSION, 0);
  if (api < 0) return fail(kDevice, "", "not a KVM device");
  if (api != KVM_API_VERSION) return fail(kDevice, "", "KVM API version " + std::to_string(api) + ", 12 is needed");
  for (const RequiredCapability& required : kRequired) {
    if (ioctl(fd.get(), KVM_CHECK_EXTENSION, required.capability) <= 0) {
      return fail(kDevice, "kernel too old", std::string("it lacks ") + required.name);
    }
  }
  const int size = ioctl(fd.get(), KVM_GET_VCPU_MMAP_SIZE, 0);
  if (size <= 0) return fail_errno("KVM_GET_VCPU_MMAP_SIZE", "", errno);
  return System(std::move(fd), static_cast<size_t>(size));
}

Result<Vm> System::create_vm() const {
  UniqueFd fd;
  do {
    fd.reset(ioctl(fd_.get(), KVM_CREATE_VM, 0));
  } while (!fd && errno == EINTR);
  if (!fd) return fail_errno("KVM_CREATE_VM", "", errno);
  return Vm(std::move(fd), vcpu_mmap_size_);
}

Result<std::vector<kvm_cpuid_entry2>> System::supported_cpuid() const {
  constexpr uint32_t kMaxEntries = 256;
  std::vector<unsigned char> buffer(8 + kMaxEntries * sizeof(kvm_cpuid_entry2));
  auto* header = reinterpret_cast<uint32_t*>(buffer.data());  // SAFETY: nent is the first field of kvm_cpuid2
  *header = kMaxEntries;
  if (ioctl(fd_.get(), kGetSupportedCpuid, buffer.data()) != 0) return fail_errno("KVM_GET_SUPPORTED_CPUID", "", errno);
  std::vector<kvm_cpuid_entry2> entries(*header);
  std::memcpy(entries.data(), buffer.data() + 8, entries.size() * sizeof(kvm_cpuid_entry2));
  return entries;
}

}  // namespace kontain::kvm
