// The virtual machine of one payload process: its memory and its vCPUs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/error.h"
#include "km/kvm/system.h"
#include "km/mem/guest_physical.h"
#include "km/mem/page_tables.h"
#include "km/vcpu/call_slot.h"
#include "km/vcpu/cpu.h"
#include "km/vcpu/cpuid.h"
#include "km/vcpu/stub_position.h"
#include "km/vcpu/system_pages.h"
#include "km/vcpu/vdso.h"

namespace kontain::vcpu {

// Moves a new descriptor to where the payload cannot name it.
using FdKeeper = std::function<Result<UniqueFd>(UniqueFd)>;

// What of the host the payload gets to see. A repeatable run (km/repeat) asks the monitor instead.
struct Exposure {
  bool vdso = true;
  bool random_instructions = true;  // RDRAND and RDSEED
};

// Guest-physical addresses of the system pages of one vCPU.
struct CpuPages {
  uint64_t root = 0;         // its PML4
  uint64_t level3 = 0;       // the table behind the private entry of the root
  uint64_t descriptors = 0;  // GDT and TSS
  uint64_t stack = 0;        // of the exception entries
  uint64_t call_slot = 0;
};

class Machine : private mem::SlotSink {
 public:
  // Makes a VM, learns the host's recipe by the self-test, and maps the system pages. `system` outlives the object.
  // A failed self-test is an error that says what was seen. `known` comes from another machine on this host: it spares
  // the self-test, and CPUID instructions that are exits themselves.
  static Result<std::unique_ptr<Machine>> create(const kvm::System& system, FdKeeper keep_fd,
                                                 const HostFacts* known = nullptr, Exposure exposure = {});
  ~Machine() override;

  mem::GuestPhysical& physical() { return *physical_; }
  mem::PageTables& tables() { return *tables_; }
  Recipe recipe() const { return facts_.recipe; }
  const HostFacts& host_facts() const { return facts_; }
  uint64_t xcr0() const { return xcr0_; }
  // The address of the vDSO's ELF header in the payload's view, or nothing.
  std::optional<uint64_t> vdso_address() const;
  // Its size in bytes, whole pages; 0 without one.
  uint64_t vdso_size() const;
  // Where a payload may jump to instead of executing SYSCALL (abi::kAuxSyscallEntry); nothing while that saves nothing.
  std::optional<uint64_t> call_entry() const;

  // Where a jump may lead that stands in the place of a SYSCALL; only where call_entry() is something.
  uint64_t replaced_call_entry() const;

  // Makes the stub one that may post calls to the call server, before any thread runs. False where that cannot be:
  // recipe B, whose exits are cheap, and processors without BMI2.
  bool enable_posted_calls();
  // How the stub treats calls and descriptors: what it posts, and what it answers itself.
  CallTable& call_table() { return *call_table_; }

  // Asked for the address of an instruction that a vCPU was stopped at: of the SYSCALL that it has replaced, if it is
  // part of what the monitor has put there.
  using SiteFinder = std::function<std::optional<uint64_t>(uint64_t pc)>;
  void set_site_finder(SiteFinder finder) { site_of_ = std::move(finder); }

  // A vCPU for one more thread: a new one, or one that was given back; the machine keeps owning it. Its context is the
  // caller's to set. Thread-safe.
  Result<Cpu*> create_cpu();
  // Takes back the vCPU of a thread that ended: KVM cannot destroy one as long as the machine lives.
  void recycle(Cpu& cpu);

  // In a forked child the machine is dead: makes another over the same memory. Every Cpu made before is gone. Their
  // descriptors are closed already (fd::MonitorFds::forget_all_in_fork_child). The child has no other thread.
  Result<void> reopen();
  // UniqueFd::renumber for the descriptor of whichever VM or vCPU it is. No other thread may run.
  bool renumber_fd(int from, int to);
  // Held across fork(2), so that the child finds it free.
  std::mutex& lock() { return lock_; }

 private:
  friend class Cpu;
  explicit Machine(const kvm::System& system, FdKeeper keep_fd) : system_(system), keep_fd_(std::move(keep_fd)) {}
  Result<void> open_vm();
  Result<Cpu*> new_cpu();
  uint32_t vcpu_limit();  // vCPUs of one VM
  Result<CpuPages> make_cpu_pages();
  Result<void> make_system_pages();
  // The vDSO is there from its first use on: a program that asks no clock does not pay for the slot. True: the access
  // that faulted can be made now.
  bool serve_vdso_fault(uint64_t address, uint64_t error_code);
  // Where getcpu of the host's vDSO would be wrong: guest-physical pages with a copy whose is right.
  std::optional<uint64_t> own_vdso_code();
  Result<void> show_vdso();
  Result<void> learn_host_facts();
  Result<void> learn_cpuid(Recipe recipe);
  Result<Recipe> probe_recipe();
  void set_stub_recipe(Recipe recipe);
  StubPart part_of_stub(uint64_t offset) const;
  Result<void> add_slot(uint64_t gpa, uint64_t size, uint64_t host, kvm::SlotAccess access) override;

  const kvm::System& system_;
  FdKeeper keep_fd_;
  // One VM, and another over the same memory whenever a VM has as many vCPUs as KVM allows. The last one grows.
  std::vector<kvm::Vm> vms_;
  struct Slot {
    uint64_t gpa;
    uint64_t size;
    uint64_t host;
    kvm::SlotAccess access;
  };
  std::vector<Slot> slots_;  // by number; the same in every VM
  std::unique_ptr<mem::GuestPhysical> physical_;
  std::optional<mem::PageTables> tables_;
  HostFacts facts_;
  Exposure exposure_;
  uint64_t stub_gpa_ = 0;
  uint64_t stub_rung_ = 0;  // recipe A: the offset behind the instruction that rings the doorbell
  uint64_t stub_size_ = 0;  // bytes
  bool posts_calls_ = false;
  SiteFinder site_of_ = [](uint64_t) { return std::nullopt; };
  uint64_t call_table_gpa_ = 0;
  CallTable* call_table_ = nullptr;
  uint64_t xcr0_ = 0;
  std::optional<HostVdso> vdso_;
  std::mutex lock_;  // the members below; slots have a lock of their own because making a vCPU may add some
  std::vector<std::unique_ptr<Cpu>> cpus_;
  std::vector<Cpu*> idle_;
  std::vector<CpuPages> spare_pages_;
  uint32_t next_cpu_ = 0;
  uint32_t vcpu_limit_ = 0;
  uint64_t vdso_shown_ = 0;  // where its data begin in the guest; 0: nowhere yet
  std::mutex slot_lock_;
};

}  // namespace kontain::vcpu
