#include "km/run/self_test.h"

#include "base/version.h"
#include "km/kvm/system.h"
#include "km/run/call_cost.h"
#include "km/run/call_service.h"
#include "km/vcpu/machine.h"

namespace kontain::run {
namespace {

// A row of the report; `text` is already JSON where it is a string.
struct Fact {
  const char* key;
  std::string value;
  bool is_string;
};

std::string quoted(const Fact& fact) { return fact.is_string ? "\"" + fact.value + "\"" : fact.value; }

std::string as_json(const std::vector<Fact>& facts) {
  std::string out = "{";
  for (const Fact& fact : facts) {
    if (out.size() > 1) out += ", ";
    out += "\"" + std::string(fact.key) + "\": " + quoted(fact);
  }
  return out + "}\n";
}

std::string as_text(const std::vector<Fact>& facts) {
  std::string out;
  for (const Fact& fact : facts) out += std::string(fact.key) + ": " + fact.value + "\n";
  return out;
}

}  // namespace

Result<std::string> self_test(const std::string& format) {
  TRY_ASSIGN(const kvm::System system, kvm::System::open());
  TRY_ASSIGN(const std::unique_ptr<vcpu::Machine> machine,
             vcpu::Machine::create(system, [](UniqueFd fd) -> Result<UniqueFd> { return fd; }));
  TRY_ASSIGN(vcpu::Cpu* const cpu, machine->create_cpu());
  static_cast<void>(machine->enable_posted_calls());
  TRY_ASSIGN(const uint64_t exit_cost, exit_nanoseconds(*machine, *cpu));
  TRY_ASSIGN(const uint64_t syscall_cost, syscall_nanoseconds(*machine, *cpu));
  TRY_ASSIGN(const uint64_t posted_cost, posted_call_nanoseconds(*machine, *cpu));
  const std::vector<Fact> facts = {
      {"version", version(), true},
      {"recipe", machine->recipe() == vcpu::Recipe::A ? "A" : "B", true},
      {"xcr0", std::to_string(machine->xcr0()), false},
      {"vdso", machine->vdso_address() ? "true" : "false", false},
      {"exit_ns", std::to_string(exit_cost), false},
      {"syscall_ns", std::to_string(syscall_cost), false},
      {"exitless_ns", std::to_string(posted_cost), false},
      {"calls", posted_cost != 0 && exit_cost >= kCheapExitNanoseconds ? "exitless" : "exit", true},
      {"replaces_syscall", posted_cost != 0 && syscall_cost > SiteWatch::kCheapSyscall ? "true" : "false", false},
  };
  return format == "json" ? as_json(facts) : as_text(facts);
}

}  // namespace kontain::run
