#include "km/exitless/placement.h"

#include <sys/syscall.h>

#include <bit>

#include "base/host_call.h"

namespace kontain::exitless {
namespace {

constexpr size_t kWordBits = 8 * sizeof(unsigned long);

uint64_t address_of(const void* object) { return reinterpret_cast<uint64_t>(object); }

}  // namespace

void Placement::Mask::clear(unsigned cpu) {
  if (cpu < kProcessors) words[cpu / kWordBits] &= ~(1ul << (cpu % kWordBits));
}

int Placement::Mask::count() const {
  int sum = 0;
  for (const unsigned long word : words) sum += std::popcount(word);
  return sum;
}

Placement::Placement() { host_call(SYS_sched_getaffinity, 0, sizeof allowed_, address_of(&allowed_)); }

bool Placement::has_several() const { return allowed_.count() > 1; }

void Placement::set(pid_t tid, const Mask& mask) {
  host_call(SYS_sched_setaffinity, static_cast<uint64_t>(tid), sizeof mask, address_of(&mask));
}

bool Placement::keep_off_this_cpu(pid_t tid) {
  unsigned cpu = 0;
  host_call(SYS_getcpu, address_of(&cpu));
  Mask others = allowed_;
  others.clear(cpu);
  if (others.count() == 0) return false;
  set(tid, others);
  return true;
}

void Placement::allow_all() { set(0, allowed_); }

}  // namespace kontain::exitless
