#include "km/vcpu/machine.h"

#include <cstdio>

#include "base/checked.h"
#include "km/vcpu/cpu_private.h"
#include "km/vcpu/cpuid.h"
#include "km/vcpu/layout.h"
#include "km/vcpu/vdso.h"

namespace kontain::vcpu {
namespace {

// Below 4 GiB, where KVM wants it, and far above the system memory a payload can make us use.
constexpr uint64_t kIntelTssGpa = 0xfffb'd000;

}  // namespace

Machine::~Machine() = default;

Result<void> Machine::add_slot(uint64_t gpa, uint64_t size, uint64_t host, kvm::SlotAccess access) {
  return vm_->add_slot(next_slot_++, gpa, size, host, access);
}

Result<void> Machine::open_vm() {
  TRY_ASSIGN(vm_, system_.create_vm());
  TRY_ASSIGN(UniqueFd kept, keep_fd_(vm_->take_fd()));
  vm_->set_fd(std::move(kept));
  next_slot_ = 0;
  next_cpu_ = 0;
  return {};
}

Result<std::unique_ptr<Machine>> Machine::create(const kvm::System& system, FdKeeper keep_fd) {
  std::unique_ptr<Machine> machine(new Machine(system, std::move(keep_fd)));
  TRY(machine->open_vm());
  TRY_ASSIGN(machine->physical_, mem::GuestPhysical::create(*machine));
  TRY_ASSIGN(machine->tables_, mem::PageTables::create(*machine->physical_));
  TRY(machine->make_system_pages());
  TRY_ASSIGN(machine->cpuid_, guest_cpuid(system, Recipe::A));
  TRY_ASSIGN(const Recipe recipe, machine->probe_recipe());
  if (recipe == Recipe::B) {
    // The probe's vCPU has run with the short CPUID, which KVM then keeps for good: start over in a fresh VM.
    TRY(machine->open_vm());
    machine->vm_->set_tss_address(kIntelTssGpa);
    TRY(machine->physical_->attach(*machine));
    TRY_ASSIGN(machine->cpuid_, guest_cpuid(system, recipe));
  }
  machine->set_stub_recipe(recipe);
  TRY_ASSIGN(machine->first_cpu_, machine->create_cpu());
  if (machine->first_cpu_->p_->reads_host_tsc) TRY(machine->show_vdso());
  return machine;
}

Result<void> Machine::make_system_pages() {
  const auto pages = physical_->allocate_pages(3);
  if (!pages) return fail("system pages", "", "out of memory");
  const uint64_t idt = *pages;
  const uint64_t entries = idt + kPageSize;
  stub_gpa_ = entries + kPageSize;
  write_idt(physical_->system_pointer(idt));
  write_exception_entries(physical_->system_pointer(entries));
  write_stub(physical_->system_pointer(stub_gpa_), Recipe::A);
  const bool mapped =
      tables_->map_system_page(kIdtAddress, idt, x86::kPteNoExecute) &&
      tables_->map_system_page(kExceptionEntry, entries, 0) &&
      tables_->map_system_page(kDoorbell, mem::kDoorbellGpa, x86::kPteUser | x86::kPteWrite | x86::kPteNoExecute);
  if (!mapped) return fail("system pages", "", "out of memory");
  return {};
}

void Machine::set_stub_recipe(Recipe recipe) {
  recipe_ = recipe;
  write_stub(physical_->system_pointer(stub_gpa_), recipe);
}

Result<void> Machine::show_vdso() {
  const auto vdso = find_host_vdso();
  if (!vdso) return {};
  TRY(physical_->expose_host_pages(vdso->start, vdso->end - vdso->start));
  for (uint64_t offset = 0; vdso->start + offset < vdso->end; offset += kPageSize) {
    const uint64_t no_execute = vdso->start + offset < vdso->code_start ? x86::kPteNoExecute : 0;
    if (!tables_->map_system_page(kVdsoArea + offset, mem::kHostPagesGpa + offset, x86::kPteUser | no_execute)) {
      return fail("vDSO", "", "out of memory");
    }
  }
  vdso_address_ = kVdsoArea + (vdso->code_start - vdso->start);
  vdso_size_ = vdso->end - vdso->code_start;
  return {};
}

Result<std::unique_ptr<Cpu>> Machine::create_cpu() {
  if (first_cpu_) return std::move(first_cpu_);
  TRY_ASSIGN(auto state, Cpu::Private::create(*this, next_cpu_++));
  return std::unique_ptr<Cpu>(new Cpu(std::move(state)));
}

// SYSCALL with the stub in a user page: the privilege it runs with when the doorbell rings tells the recipe.
Result<Recipe> Machine::probe_recipe() {
  TRY_ASSIGN(std::unique_ptr<Cpu> cpu, create_cpu());
  cpu->start_at(kStub + kStubProbe, 0);
  kvm_run& shared = cpu->p_->vcpu.shared();
  const int error = cpu->p_->vcpu.run();
  const bool rang = error == 0 && shared.exit_reason == KVM_EXIT_MMIO && shared.mmio.is_write &&
                    shared.mmio.phys_addr == mem::kDoorbellGpa;
  if (rang) {
    const bool user = shared.s.regs.sregs.cs.dpl == 3;
    if (user) first_cpu_ = std::move(cpu);
    return user ? Recipe::A : Recipe::B;
  }
  char seen[160];
  std::snprintf(seen, sizeof seen, "errno %d, exit reason %u, rip 0x%llx, cs 0x%x, cr2 0x%llx", error,
                shared.exit_reason, shared.s.regs.regs.rip, shared.s.regs.sregs.cs.selector, shared.s.regs.sregs.cr2);
  return fail("self-test", "a SYSCALL in the guest did not reach the monitor", seen);
}

}  // namespace kontain::vcpu
