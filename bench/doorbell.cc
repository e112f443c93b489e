// The bare cost of leaving the guest by a system call and coming back: km's own virtual CPU in an endless
// `mov $110, %eax; syscall; jmp`, and a host side that does nothing but put 0 into RAX. Prints nanoseconds a round
// trip.
#include <sys/mman.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "km/mem/address_space.h"
#include "km/mem/reservation.h"
#include "km/vcpu/machine.h"

using namespace kontain;

namespace {

constexpr uint64_t kCode = mem::kHighStart + (1 << 20);
constexpr unsigned char kLoop[] = {0xb8, 110, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7};

[[noreturn]] void fail_with(const char* what) {
  std::fprintf(stderr, "bench_doorbell: %s\n", what);
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 20000;
  if (!mem::reserve_guest_ranges()) fail_with("cannot reserve the address ranges");
  auto system = kvm::System::open();
  if (!system) fail_with(system.error().message().c_str());
  auto machine = vcpu::Machine::create(*system, [](UniqueFd fd) -> Result<UniqueFd> { return fd; });
  if (!machine) fail_with(machine.error().message().c_str());
  mem::AddressSpace memory((*machine)->physical(), (*machine)->tables());
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  if (!memory.map({kCode, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, kFlags, -1, 0})) fail_with("cannot map");
  std::memcpy(reinterpret_cast<void*>(kCode), kLoop, sizeof kLoop);
  auto cpu = (*machine)->create_cpu();
  if (!cpu) fail_with(cpu.error().message().c_str());
  (*cpu)->start_at(kCode, 0);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) {
    if ((*cpu)->run().kind != vcpu::StopKind::Syscall) fail_with("unexpected exit");
    (*cpu)->regs().rax = 0;
  }
  const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - start;
  std::printf("%.0f\n", spent.count() / count);
  return 0;
}
