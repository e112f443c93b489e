// The virtual machine of one payload process: its memory and its vCPUs.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "km/kvm/system.h"
#include "km/mem/guest_physical.h"
#include "km/mem/page_tables.h"
#include "km/vcpu/cpu.h"
#include "km/vcpu/system_pages.h"

namespace kontain::vcpu {

// Moves a new descriptor to where the payload cannot name it.
using FdKeeper = std::function<Result<UniqueFd>(UniqueFd)>;

class Machine : private mem::SlotSink {
 public:
  // Makes a VM, learns the host's recipe by the self-test, and maps the system pages. `system` outlives the object.
  // A failed self-test is an error that says what was seen.
  static Result<std::unique_ptr<Machine>> create(const kvm::System& system, FdKeeper keep_fd);
  ~Machine() override;

  mem::GuestPhysical& physical() { return *physical_; }
  mem::PageTables& tables() { return *tables_; }
  Recipe recipe() const { return recipe_; }
  uint64_t xcr0() const { return xcr0_; }
  // The address of the vDSO's ELF header in the payload's view, or nothing.
  std::optional<uint64_t> vdso_address() const { return vdso_address_; }
  // Its size in bytes, whole pages; 0 without one.
  uint64_t vdso_size() const { return vdso_size_; }

  // A vCPU that has never run the payload.
  Result<std::unique_ptr<Cpu>> create_cpu();

 private:
  friend class Cpu;
  explicit Machine(const kvm::System& system, FdKeeper keep_fd) : system_(system), keep_fd_(std::move(keep_fd)) {}
  Result<void> open_vm();
  Result<void> make_system_pages();
  Result<void> show_vdso();
  Result<Recipe> probe_recipe();
  void set_stub_recipe(Recipe recipe);
  Result<void> add_slot(uint64_t gpa, uint64_t size, uint64_t host, kvm::SlotAccess access) override;

  const kvm::System& system_;
  FdKeeper keep_fd_;
  std::optional<kvm::Vm> vm_;
  std::unique_ptr<mem::GuestPhysical> physical_;
  std::optional<mem::PageTables> tables_;
  Recipe recipe_ = Recipe::A;
  uint64_t stub_gpa_ = 0;
  uint64_t xcr0_ = 0;
  std::vector<kvm_cpuid_entry2> cpuid_;
  std::optional<uint64_t> vdso_address_;
  uint64_t vdso_size_ = 0;
  std::unique_ptr<Cpu> first_cpu_;  // made during the self-test, given out by create_cpu()
  std::atomic<uint32_t> next_slot_{0};
  std::atomic<uint32_t> next_cpu_{0};
};

}  // namespace kontain::vcpu
