#include "km/vcpu/machine.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/checked.h"
#include "km/vcpu/cpu_private.h"
#include "km/vcpu/layout.h"

namespace kontain::vcpu {
namespace {

// Below 4 GiB, where KVM wants it, and far above the system memory a payload can make us use.
constexpr uint64_t kIntelTssGpa = 0xfffb'd000;

}  // namespace

Machine::~Machine() = default;

Result<void> Machine::add_slot(uint64_t gpa, uint64_t size, uint64_t host, kvm::SlotAccess access) {
  std::scoped_lock hold(slot_lock_);
  for (const kvm::Vm& vm : vms_) {
    TRY(vm.add_slot(static_cast<uint32_t>(slots_.size()), gpa, size, host, access));
  }
  slots_.push_back({gpa, size, host, access});
  return {};
}

// Opens one more VM over the same memory and makes it the one that grows.
Result<void> Machine::open_vm() {
  TRY_ASSIGN(kvm::Vm vm, system_.create_vm());
  TRY_ASSIGN(UniqueFd kept, keep_fd_(vm.take_fd()));
  vm.set_fd(std::move(kept));
  if (facts_.recipe == Recipe::B) vm.set_tss_address(kIntelTssGpa);
  std::scoped_lock hold(slot_lock_);
  for (uint32_t number = 0; number < slots_.size(); ++number) {
    const Slot& slot = slots_[number];
    TRY(vm.add_slot(number, slot.gpa, slot.size, slot.host, slot.access));
  }
  vms_.push_back(std::move(vm));
  next_cpu_ = 0;
  return {};
}

Result<std::unique_ptr<Machine>> Machine::create(const kvm::System& system, FdKeeper keep_fd, const HostFacts* known,
                                                 Exposure exposure) {
  std::unique_ptr<Machine> machine(new Machine(system, std::move(keep_fd)));
  machine->exposure_ = exposure;
  if (known) machine->facts_ = *known;
  TRY(machine->open_vm());
  TRY_ASSIGN(machine->physical_, mem::GuestPhysical::create(*machine));
  TRY_ASSIGN(machine->tables_, mem::PageTables::create(*machine->physical_));
  TRY(machine->make_system_pages());
  if (!known) TRY(machine->learn_host_facts());
  TRY_ASSIGN(Cpu* const first, machine->create_cpu());
  machine->recycle(*first);
  if (exposure.vdso && first->p_->reads_host_tsc) machine->vdso_ = find_host_vdso();
  return machine;
}

Result<void> Machine::learn_host_facts() {
  TRY(learn_cpuid(Recipe::A));
  TRY_ASSIGN(const Recipe recipe, probe_recipe());
  set_stub_recipe(recipe);
  if (recipe == Recipe::A) return {};
  // The probe's vCPU has run with the short CPUID, which KVM then keeps for good: start over in a fresh VM.
  cpus_.clear();
  vms_.clear();
  TRY(open_vm());
  return learn_cpuid(recipe);
}

Result<void> Machine::learn_cpuid(Recipe recipe) {
  TRY_ASSIGN(facts_.cpuid, guest_cpuid(system_, recipe));
  if (!exposure_.random_instructions) hide_random_instructions(facts_.cpuid);
  return {};
}

Result<void> Machine::make_system_pages() {
  const auto pages = physical_->allocate_pages(4);
  if (!pages) return fail("system pages", "", "out of memory");
  const uint64_t idt = *pages;
  const uint64_t entries = idt + kPageSize;
  stub_gpa_ = entries + kPageSize;
  call_table_gpa_ = stub_gpa_ + kPageSize;
  call_table_ = static_cast<CallTable*>(physical_->system_pointer(call_table_gpa_));
  write_idt(physical_->system_pointer(idt));
  write_exception_entries(physical_->system_pointer(entries));
  set_stub_recipe(facts_.recipe);
  const bool mapped =
      tables_->map_system_page(kIdtAddress, idt, x86::kPteNoExecute) &&
      tables_->map_system_page(kExceptionEntry, entries, 0) &&
      tables_->map_system_page(kDoorbell, mem::kDoorbellGpa, x86::kPteUser | x86::kPteWrite | x86::kPteNoExecute);
  if (!mapped) return fail("system pages", "", "out of memory");
  return {};
}

void Machine::set_stub_recipe(Recipe recipe) {
  facts_.recipe = recipe;
  stub_rung_ = kStubDoorbellDone;
  stub_size_ = kStubDoorbellDone + kStubJumpSize;
  write_stub(physical_->system_pointer(stub_gpa_), recipe);
}

bool Machine::enable_posted_calls() {
  if (facts_.recipe != Recipe::A || !has_bmi2(facts_.cpuid)) return false;
  const auto code = stub_code();
  KONTAIN_CHECK(code.size() <= kStubProbe);
  std::memcpy(physical_->system_pointer(stub_gpa_), code.data(), code.size());
  stub_rung_ = stub_rung_offset();
  stub_size_ = code.size();
  posts_calls_ = true;
  return true;
}

std::optional<uint64_t> Machine::call_entry() const {
  return posts_calls_ ? std::optional<uint64_t>(kStub) : std::nullopt;
}

uint64_t Machine::replaced_call_entry() const { return kStub + stub_replaced_offset(); }

StubPart Machine::part_of_stub(uint64_t offset) const {
  if (posts_calls_) return stub_part(offset);
  return offset < stub_rung_ ? StubPart::Intact : StubPart::Rung;
}

uint64_t Machine::vdso_size() const { return vdso_ ? vdso_->end - vdso_->start : 0; }

std::optional<uint64_t> Machine::vdso_address() const {
  return vdso_ ? std::optional<uint64_t>(kVdsoCode) : std::nullopt;
}

std::optional<uint64_t> Machine::own_vdso_code() {
  if (facts_.recipe != Recipe::A || !needs_own_getcpu()) return std::nullopt;
  const auto pages = physical_->allocate_pages(vdso_size() / kPageSize);
  if (!pages) return std::nullopt;
  auto* copy = static_cast<std::byte*>(physical_->system_pointer(*pages));
  std::memcpy(copy, reinterpret_cast<const void*>(vdso_->start), vdso_size());
  if (!replace_getcpu({copy, vdso_size()})) return std::nullopt;
  return pages;
}

Result<void> Machine::show_vdso() {
  const uint64_t data = find_host_vdso_data(*vdso_);
  if (vdso_->start - data > kVdsoCode - kVdsoArea) return fail("vDSO", "", "too much data");
  TRY(physical_->expose_host_pages(data, vdso_->end - data));
  const uint64_t shown = kVdsoCode - (vdso_->start - data);
  const uint64_t code = own_vdso_code().value_or(mem::kHostPagesGpa + (vdso_->start - data));
  for (uint64_t address = shown; address < kVdsoCode + vdso_size(); address += kPageSize) {
    const bool is_code = address >= kVdsoCode;
    const uint64_t page = is_code ? code + (address - kVdsoCode) : mem::kHostPagesGpa + (address - shown);
    if (!tables_->map_system_page(address, page, x86::kPteUser | (is_code ? 0 : x86::kPteNoExecute))) {
      return fail("vDSO", "", "out of memory");
    }
  }
  vdso_shown_ = shown;
  return {};
}

bool Machine::serve_vdso_fault(uint64_t address, uint64_t error_code) {
  if (!vdso_ || address < kVdsoArea || address >= kVdsoCode + vdso_size()) return false;
  if (error_code & x86::kFaultPresent) return false;
  const std::scoped_lock hold(lock_);
  if (vdso_shown_ == 0 && !show_vdso()) return false;
  return address >= vdso_shown_;
}

Result<Cpu*> Machine::create_cpu() {
  std::scoped_lock hold(lock_);
  if (!idle_.empty()) {
    Cpu* cpu = idle_.back();
    idle_.pop_back();
    return cpu;
  }
  return new_cpu();
}

Result<Cpu*> Machine::new_cpu() {
  if (next_cpu_ >= vcpu_limit()) TRY(open_vm());
  TRY_ASSIGN(auto state, Cpu::Private::create(*this, next_cpu_++));
  cpus_.push_back(std::unique_ptr<Cpu>(new Cpu(std::move(state))));
  return cpus_.back().get();
}

void Machine::recycle(Cpu& cpu) {
  std::scoped_lock hold(lock_);
  idle_.push_back(&cpu);
}

bool Machine::renumber_fd(int from, int to) {
  const auto is_renumbered = [from, to](auto& owner) { return owner.renumber_fd(from, to); };
  return std::ranges::any_of(vms_, is_renumbered) ||
         std::ranges::any_of(cpus_, [&](const auto& cpu) { return is_renumbered(cpu->p_->vcpu); });
}

Result<void> Machine::reopen() {
  for (auto& cpu : cpus_) {
    spare_pages_.push_back(cpu->p_->pages);
    static_cast<void>(cpu->p_->vcpu.take_fd().release());
  }
  for (kvm::Vm& vm : vms_) static_cast<void>(vm.take_fd().release());
  idle_.clear();
  cpus_.clear();
  vms_.clear();
  return open_vm();
}

uint32_t Machine::vcpu_limit() {
  if (vcpu_limit_ == 0)
    vcpu_limit_ = static_cast<uint32_t>(std::max(1, vms_.back().check_extension(KVM_CAP_MAX_VCPUS)));
  return vcpu_limit_;
}

Result<CpuPages> Machine::make_cpu_pages() {
  if (!spare_pages_.empty()) {
    const CpuPages pages = spare_pages_.back();
    spare_pages_.pop_back();
    return pages;
  }
  const auto first = physical_->allocate_pages(4);
  if (!first) return fail("vCPU pages", "", "out of memory");
  CpuPages pages = {0, *first, *first + kPageSize, *first + 2 * kPageSize, *first + 3 * kPageSize};
  const auto root = tables_->make_root(pages.level3);
  const uint64_t stub_flags = facts_.recipe == Recipe::A ? x86::kPteUser : 0;
  const uint64_t data_flags = x86::kPteWrite | x86::kPteNoExecute;
  const uint64_t slot_flags = stub_flags | data_flags;
  const uint64_t table_flags = stub_flags | x86::kPteNoExecute;
  if (!root || !tables_->map_private_page(pages.level3, kStub, stub_gpa_, stub_flags) ||
      !tables_->map_private_page(pages.level3, kCallSlot, pages.call_slot, slot_flags) ||
      !tables_->map_private_page(pages.level3, kCallTable, call_table_gpa_, table_flags) ||
      !tables_->map_private_page(pages.level3, kDescriptors, pages.descriptors, data_flags) ||
      !tables_->map_private_page(pages.level3, kExceptionStack, pages.stack, data_flags)) {
    return fail("vCPU pages", "", "out of memory");
  }
  pages.root = *root;
  return pages;
}

// SYSCALL with the stub in a user page: the privilege it runs with when the doorbell rings tells the recipe.
Result<Recipe> Machine::probe_recipe() {
  TRY_ASSIGN(Cpu* const cpu, create_cpu());
  cpu->start_at(kStub + kStubProbe, 0);
  kvm_run& shared = cpu->p_->vcpu.shared();
  const int error = cpu->p_->vcpu.run();
  const bool rang = error == 0 && shared.exit_reason == KVM_EXIT_MMIO && shared.mmio.is_write &&
                    shared.mmio.phys_addr == mem::kDoorbellGpa;
  if (rang) {
    const bool user = shared.s.regs.sregs.cs.dpl == 3;
    if (user) recycle(*cpu);
    return user ? Recipe::A : Recipe::B;
  }
  char seen[160];
  std::snprintf(seen, sizeof seen, "errno %d, exit reason %u, rip 0x%llx, cs 0x%x, cr2 0x%llx", error,
                shared.exit_reason, shared.s.regs.regs.rip, shared.s.regs.sregs.cs.selector, shared.s.regs.sregs.cr2);
  return fail("self-test", "a SYSCALL in the guest did not reach the monitor", seen);
}

}  // namespace kontain::vcpu
