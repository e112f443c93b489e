#include "km/kvm/vcpu.h"

#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "km/kvm/api.h"

namespace kontain::kvm {
namespace {

// KVM_VCPU_TSC_CTRL and KVM_VCPU_TSC_OFFSET of <asm/kvm.h>.
constexpr uint32_t kTscControlGroup = 0;
constexpr uint64_t kTscOffset = 0;

struct MsrList {
  static constexpr size_t kCapacity = 16;
  uint32_t count = 0;
  uint32_t padding = 0;
  kvm_msr_entry entries[kCapacity] = {};
};

std::string hex(uint64_t value) {
  char text[24];
  snprintf(text, sizeof text, "0x%lx", value);
  return text;
}

}  // namespace

Result<Vcpu> Vcpu::create(UniqueFd fd, size_t mmap_size) {
  auto area = Mapping::create(mmap_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get());
  if (!area) return fail("mmap of the vCPU area", "", area.error().reason);
  return Vcpu(std::move(fd), std::move(*area));
}

int Vcpu::run() const { return ioctl(fd_.get(), KVM_RUN, 0) == 0 ? 0 : errno; }

Result<kvm_sregs> Vcpu::sregs() const {
  kvm_sregs sregs;
  if (ioctl(fd_.get(), KVM_GET_SREGS, &sregs) != 0) return fail_errno("KVM_GET_SREGS", "", errno);
  return sregs;
}

Result<void> Vcpu::set_sregs(const kvm_sregs& sregs) const {
  if (ioctl(fd_.get(), KVM_SET_SREGS, &sregs) != 0) return fail_errno("KVM_SET_SREGS", "", errno);
  return {};
}

Result<void> Vcpu::set_cpuid(std::span<const kvm_cpuid_entry2> entries) const {
  std::vector<unsigned char> buffer(8 + entries.size_bytes());
  const auto count = static_cast<uint32_t>(entries.size());
  std::memcpy(buffer.data(), &count, sizeof count);
  std::memcpy(buffer.data() + 8, entries.data(), entries.size_bytes());
  if (ioctl(fd_.get(), kSetCpuid2, buffer.data()) != 0) return fail_errno("KVM_SET_CPUID2", "", errno);
  return {};
}

Result<void> Vcpu::set_msrs(std::span<const Msr> msrs) const {
  MsrList list;
  KONTAIN_CHECK(msrs.size() <= MsrList::kCapacity);
  for (const Msr& msr : msrs) list.entries[list.count++] = {msr.index, 0, msr.value};
  const int done = ioctl(fd_.get(), kSetMsrs, &list);
  if (done < 0) return fail_errno("KVM_SET_MSRS", "", errno);
  if (static_cast<size_t>(done) != msrs.size()) {
    return fail("KVM_SET_MSRS", "MSR " + hex(msrs[static_cast<size_t>(done)].index), "refused");
  }
  return {};
}

Result<void> Vcpu::set_xcr0(uint64_t value) const {
  kvm_xcrs xcrs = {};
  xcrs.nr_xcrs = 1;
  xcrs.xcrs[0].value = value;
  if (ioctl(fd_.get(), KVM_SET_XCRS, &xcrs) != 0) return fail_errno("KVM_SET_XCRS", hex(value), errno);
  return {};
}

Result<void> Vcpu::use_host_tsc() const {
  uint64_t offset = 0;
  kvm_device_attr attribute = {};
  attribute.group = kTscControlGroup;
  attribute.attr = kTscOffset;
  attribute.addr = reinterpret_cast<uint64_t>(&offset);
  if (ioctl(fd_.get(), KVM_SET_DEVICE_ATTR, &attribute) != 0) return fail_errno("KVM_VCPU_TSC_OFFSET", "", errno);
  return {};
}

Result<void> Vcpu::get_xsave(XsaveArea& area) const {
  if (ioctl(fd_.get(), kGetXsave, &area) != 0) return fail_errno("KVM_GET_XSAVE", "", errno);
  return {};
}

Result<void> Vcpu::set_xsave(const XsaveArea& area) const {
  if (ioctl(fd_.get(), kSetXsave, &area) != 0) return fail_errno("KVM_SET_XSAVE", "", errno);
  return {};
}

}  // namespace kontain::kvm
