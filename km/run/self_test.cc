#include "km/run/self_test.h"

#include <x86intrin.h>

#include <chrono>

#include "base/version.h"
#include "km/kvm/system.h"
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

// The best of a few round trips; 0 where it cannot be told, as on recipe B, whose exits are cheap.
Result<uint64_t> nanoseconds_of_exit(const vcpu::Machine& machine, vcpu::Cpu& cpu) {
  if (machine.recipe() != vcpu::Recipe::A) return 0;
  const auto start = std::chrono::steady_clock::now();
  const uint64_t start_ticks = __rdtsc();
  TRY_ASSIGN(const uint64_t ticks, cpu.measure_exit());
  const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - start;
  return static_cast<uint64_t>(static_cast<double>(ticks) * spent.count() /
                               static_cast<double>(__rdtsc() - start_ticks));
}

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
  const bool may_post = machine->enable_posted_calls();
  TRY_ASSIGN(const uint64_t exit_cost, nanoseconds_of_exit(*machine, *cpu));
  const std::vector<Fact> facts = {
      {"version", version(), true},
      {"recipe", machine->recipe() == vcpu::Recipe::A ? "A" : "B", true},
      {"xcr0", std::to_string(machine->xcr0()), false},
      {"vdso", machine->vdso_address() ? "true" : "false", false},
      {"exit_ns", std::to_string(exit_cost), false},
      {"calls", may_post && exit_cost >= kCheapExitNanoseconds ? "exitless" : "exit", true},
  };
  return format == "json" ? as_json(facts) : as_text(facts);
}

}  // namespace kontain::run
