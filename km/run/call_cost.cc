#include "km/run/call_cost.h"

#include <sys/syscall.h>
#include <unistd.h>
#include <x86intrin.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "km/exitless/server.h"

namespace kontain::run {
namespace {

// Ticks of the time stamp counter against the clock, since it was made.
class Speed {
 public:
  double nanoseconds(uint64_t ticks) const {
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - start_;
    return static_cast<double>(ticks) * spent.count() / static_cast<double>(__rdtsc() - start_ticks_);
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  uint64_t start_ticks_ = __rdtsc();
};

// Calls that go round in the stub without any code of a payload: each returns to the stub's first byte, and the result
// of one is the number of the next. The last one is refused, which ends the round with an exit.
class PostedRound {
 public:
  PostedRound(vcpu::Machine& machine, vcpu::Cpu& cpu)
      : machine_(machine), cpu_(cpu), server_(std::make_shared<exitless::Server>(kPace, work())) {
    machine.call_table().classes[kNumber] = vcpu::kExitlessClass;
    machine.call_table().fresh_shift = exitless::shift_below(kPace.fresh);
    machine.call_table().spin_shift = exitless::shift_below(kPace.spin);
    cpu.calls().open(server_.get(), nullptr);
    thread_ = std::thread([this] {
      tid_ = gettid();
      server_->serve();
    });
    while (tid_ == 0) std::this_thread::yield();
  }
  PostedRound(const PostedRound&) = delete;
  PostedRound& operator=(const PostedRound&) = delete;
  ~PostedRound() {
    server_->end();
    thread_.join();
    cpu_.calls().close();
  }

  // Ticks of a call, on average; the server's start is not counted. Nothing when the guest did something else.
  std::optional<uint64_t> run() {
    served_ = 0;
    while (served_ < kCalls) {
      server_->wake_for(cpu_.calls(), tid_);
      cpu_.start_at(*machine_.call_entry(), 0);
      cpu_.regs().rax = kNumber;
      cpu_.regs().rcx = *machine_.call_entry();
      const vcpu::StopKind kind = cpu_.run().kind;
      if (kind != vcpu::StopKind::Syscall && kind != vcpu::StopKind::Answered) return std::nullopt;
    }
    return (last_ - first_) / (kCalls - 1);
  }

 private:
  static constexpr uint32_t kNumber = SYS_getppid;
  static constexpr unsigned kCalls = 500;
  static constexpr uint64_t kTypicalSpeed = 2500;  // ticks in a microsecond: good enough for how long to wait
  static inline const exitless::Pace kPace = exitless::Pace::eager(kTypicalSpeed);

  exitless::Server::Work work() {
    exitless::Server::Work work;
    work.make_call = [this](vcpu::CallExchange&, const vcpu::PostedCall&) -> std::optional<int64_t> {
      if (served_ == kCalls) return std::nullopt;
      const uint64_t now = __rdtsc();
      if (served_++ == 0) first_ = now;
      last_ = now;
      return kNumber;
    };
    work.begin = work.end = [] {};
    return work;
  }

  vcpu::Machine& machine_;
  vcpu::Cpu& cpu_;
  std::shared_ptr<exitless::Server> server_;
  std::thread thread_;
  std::atomic<pid_t> tid_ = 0;
  std::atomic<unsigned> served_ = 0;
  std::atomic<uint64_t> first_ = 0;
  std::atomic<uint64_t> last_ = 0;
};

}  // namespace

Result<uint64_t> exit_nanoseconds(const vcpu::Machine& machine, vcpu::Cpu& cpu) {
  if (machine.recipe() != vcpu::Recipe::A) return 0;
  const Speed speed;
  TRY_ASSIGN(const uint64_t ticks, cpu.measure_exit());
  return static_cast<uint64_t>(speed.nanoseconds(ticks));
}

Result<uint64_t> syscall_nanoseconds(const vcpu::Machine& machine, vcpu::Cpu& cpu) {
  if (machine.recipe() != vcpu::Recipe::A) return 0;
  const Speed speed;
  TRY_ASSIGN(const uint64_t exit, cpu.measure_exit());
  TRY_ASSIGN(const uint64_t both, cpu.measure_syscall());
  return static_cast<uint64_t>(speed.nanoseconds(both - std::min(both, exit)));
}

Result<uint64_t> posted_call_nanoseconds(vcpu::Machine& machine, vcpu::Cpu& cpu) {
  if (!machine.call_entry() || !exitless::Placement().has_several()) return 0;
  constexpr int kRounds = 5;
  const Speed speed;
  uint64_t best = UINT64_MAX;
  PostedRound round(machine, cpu);
  for (int i = 0; i < kRounds; ++i) {
    const auto ticks = round.run();
    if (!ticks) return fail("self-test", "a posted call", "the guest left the stub");
    best = std::min<uint64_t>(best, *ticks);
  }
  return static_cast<uint64_t>(speed.nanoseconds(best));
}

}  // namespace kontain::run
