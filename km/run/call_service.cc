#include "km/run/call_service.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <x86intrin.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "base/abi/syscalls.h"
#include "base/host_call.h"
#include "km/run/make_call.h"
#include "km/signal/host_signals.h"
#include "km/sys/attempt.h"
#include "km/sys/descriptor_kind.h"
#include "km/sys/proc_files.h"
#include "km/sys/table.h"
#include "km/task/helper_thread.h"

namespace kontain::run {
namespace {

using config::Options;

constexpr uint64_t kTypicalSpeed = 2500;  // ticks in a microsecond, until it is known

// Answered in the guest; the position is that in CallSlot::local. Behind them stand the errnos of most refusals.
constexpr std::array<long, 6> kLocalCalls = {SYS_getpid, SYS_gettid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid};
constexpr std::array<int, 2> kLocalErrors = {ENOSYS, EPERM};
static_assert(kLocalCalls.size() + kLocalErrors.size() <= vcpu::kLocalValues);

uint64_t nanoseconds_now() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

uint8_t refusal_class(const abi::SyscallRow& row) {
  const auto error = std::ranges::find(kLocalErrors, row.refusal_errno);
  if (error == kLocalErrors.end()) return vcpu::kPlainClass;
  const auto position = kLocalCalls.size() + static_cast<size_t>(error - kLocalErrors.begin());
  return static_cast<uint8_t>(vcpu::kLocalClass + position);
}

uint8_t stub_class(const abi::SyscallRow& row) {
  const auto local = std::ranges::find(kLocalCalls, static_cast<long>(row.number));
  if (row.support == abi::Support::Refused) return refusal_class(row);
  if ((row.classes & abi::kLocal) && local != kLocalCalls.end()) {
    return static_cast<uint8_t>(vcpu::kLocalClass + (local - kLocalCalls.begin()));
  }
  if (row.classes & abi::kThreadBound) return vcpu::kPlainClass;
  if (row.classes & (abi::kExitless | abi::kExitlessTry)) return vcpu::kExitlessClass;
  return (row.classes & abi::kExitlessFd) ? vcpu::kByKindClass : vcpu::kPlainClass;
}

// What is opened is used next.
bool is_open(uint32_t number) {
  static constexpr auto kOpening =
      std::to_array<uint32_t>({SYS_open, SYS_openat, SYS_openat2, SYS_creat, SYS_accept, SYS_accept4});
  return std::ranges::find(kOpening, number) != kOpening.end();
}

SiteWatch::Policy policy_for(Options::Calls calls) {
  switch (calls) {
    case Options::Calls::Auto: return SiteWatch::Policy::Unknown;
    case Options::Calls::Patched: return SiteWatch::Policy::Always;
    default: return SiteWatch::Policy::Never;
  }
}

bool waits_for_lock(const vcpu::PostedCall& call) {
  return call.number == SYS_fcntl && (call.arguments[1] == F_SETLKW || call.arguments[1] == F_OFD_SETLKW);
}

// The result, or nothing when the call would have to wait.
std::optional<int64_t> make_without_waiting(task::Task& task, const vcpu::PostedCall& call) {
  if (!sys::is_tried_first(call.number)) return run::make_call(task, call.number, call.arguments);
  const sys::Attempted attempted = sys::attempt(task, call.number, call.arguments);
  if (!attempted.call) return attempted.result;
  const int64_t result = run::make_call(task, attempted.call->number, attempted.call->args);
  return result == attempted.call->waits ? std::nullopt : std::optional(result);
}

// Users, groups and capabilities of a thread, as text; empty when they are not to be had.
std::string credentials_of(task::Task& asking, pid_t tid) {
  const std::string status = sys::read_proc_text(asking, "self/task/" + std::to_string(tid) + "/status");
  std::string credentials;
  for (const char* name : {"\nUid:", "\nGid:", "\nGroups:", "\nCapInh:", "\nCapPrm:", "\nCapEff:", "\nCapAmb:"}) {
    const size_t start = status.find(name);
    if (start == std::string::npos) return "";
    credentials += status.substr(start, status.find('\n', start + 1) - start);
  }
  return credentials;
}

}  // namespace

CallService::CallService(Options::Calls calls, vcpu::Machine& machine, const CallTrace* trace, StartThread start_thread)
    : calls_(calls),
      machine_(machine),
      start_thread_(std::move(start_thread)),
      sites_(policy_for(calls), machine.replaced_call_entry()),
      exit_cost_(machine.host_facts().call_cost.exit),
      syscall_cost_(machine.host_facts().call_cost.syscall) {
  if (calls == Options::Calls::Exit || !machine.enable_posted_calls()) return;
  is_on_ = true;
  pace_ = pace_for(kTypicalSpeed);
  if (exit_cost_ != 0) sites_.decide(syscall_cost_);
  first_ticks_ = __rdtsc();
  first_nanoseconds_ = nanoseconds_now();
  allow_calls(trace);
}

void CallService::allow_calls(const CallTrace* trace) {
  auto& classes = machine_.call_table().classes;
  for (const abi::SyscallRow& row : abi::syscall_table()) {
    if (trace != nullptr && trace->wants(row.number)) continue;
    const uint8_t wanted = stub_class(row);
    const bool waits = wanted >= vcpu::kLocalClass && sites_.may_replace();
    (waits ? held_back_ : classes)[row.number] = wanted;
  }
}

// A call that the guest answers would never be seen here, so that its instruction could be replaced.
void CallService::note_site(task::Task& task, uint32_t number, uint64_t return_address) {
  if (!sites_.may_replace()) return answer_in_guest(number);
  const SiteWatch::Site site = sites_.note_exit(return_address);
  if (site == SiteWatch::Site::LookedAt) return answer_in_guest(number);
  if (site == SiteWatch::Site::Rare) return;
  if (!sites_.is_decided()) {
    if (!measure_cost(task)) return;
    sites_.decide(syscall_cost_);
  }
  if (sites_.may_replace()) {
    sites_.replace(task, return_address);
    return answer_in_guest(number);
  }
  for (uint32_t call = 0; call < held_back_.size(); ++call) answer_in_guest(call);
}

void CallService::answer_in_guest(uint32_t number) {
  const uint8_t wanted = held_back_[number].exchange(0);
  if (wanted == 0) return;
  const std::scoped_lock hold(lock_);
  if (!is_filtered_) machine_.call_table().classes[number] = wanted;
}

// A seccomp filter has to see every call of its thread, so from the first one on all calls take an exit.
void CallService::forbid_calls() {
  if (is_filtered_.exchange(true)) return;
  const std::scoped_lock hold(lock_);
  for (auto& row : machine_.call_table().classes) row = vcpu::kPlainClass;
}

void CallService::show_identity(task::Task& task) {
  if (!is_on_) return;
  if (task.seccomp_filters.load() != nullptr) forbid_calls();
  vcpu::CallSlot& slot = task.cpu().calls().slot();
  auto value = slot.local.begin();
  for (const long call : kLocalCalls) *value++ = static_cast<uint32_t>(host_call(call));
  for (const int error : kLocalErrors) *value++ = static_cast<uint64_t>(-int64_t{error});
}

void CallService::show_descriptors(task::Process& process) {
  if (is_on_) process.descriptors().note_kinds(machine_.call_table().kinds);
}

void CallService::leave(task::Task& task) {
  vcpu::CallExchange& exchange = task.cpu().calls();
  if (!exchange.is_open()) return;
  exchange.close();
  const std::scoped_lock hold(lock_);
  if (server_) server_->leave(exchange);
}

void CallService::note_exit(task::Task& task, exitless::Streak& streak, uint32_t number, uint64_t first_argument,
                            uint64_t return_address) {
  if (!is_on_) return;
  if (sys::changes_identity(number)) show_identity(task);
  if (task.seccomp_filters.load() != nullptr) return forbid_calls();
  if (task.process().shares_memory || number >= abi::kSyscallLimit) return;
  if (sys::changes_identity(number)) {
    leave(task);
    end_server();
    return;
  }
  note_site(task, number, return_address);
  if (verdict_ == Verdict::Not || !may_be_posted(task.process(), number, first_argument)) return;
  const auto [wanted, gap] = [this] {
    const std::scoped_lock hold(lock_);
    return std::pair(server_ ? server_->wanted_streak() : pace_.first_streak, pace_.gap);
  }();
  if (streak.note(__rdtsc(), gap, wanted)) wake_server(task);
}

bool CallService::may_be_posted(task::Process& process, uint32_t number, uint64_t first_argument) {
  switch (machine_.call_table().classes[number]) {
    case vcpu::kExitlessClass: return true;
    case vcpu::kByKindClass: {
      const auto descriptor = static_cast<int>(first_argument);
      if (!process.descriptors().contains(descriptor)) return false;
      process.descriptors().judge_kind(descriptor, sys::descriptor_kind);
      return process.descriptors().kind(descriptor) == fd::Kind::Quick;
    }
    default: return false;
  }
}

void CallService::wake_server(task::Task& task) {
  const std::scoped_lock hold(lock_);
  if (!server_ && !start_server(task)) return;
  vcpu::CallExchange& exchange = task.cpu().calls();
  if (exchange.server() != server_.get()) {
    exchange.close();
    exchange.open(server_.get(), &task);
    task.cpu().set_hurry([server = server_, &exchange, tid = server_tid_] { server->interrupt(exchange, tid); });
  }
  server_->wake_for(exchange, server_tid_);
}

bool CallService::start_server(task::Task& task) {
  if (!is_worthwhile(task)) return false;
  if (may_differ_ && !all_threads_agree(task.process())) return false;
  may_differ_ = false;
  vcpu::CallTable& table = machine_.call_table();
  table.fresh_shift = exitless::shift_below(pace_.fresh);
  table.spin_shift = exitless::shift_below(pace_.spin);
  auto server = std::make_shared<exitless::Server>(pace_, server_work(task.process()));
  // The new thread takes no signal that is meant for others.
  const signal::HostSignalsBlocked blocked(task);
  if (signal::HostSignalsBlocked::must_deliver_first()) return false;
  const pid_t tid = start_thread_(server);
  if (tid < 0) {
    verdict_ = Verdict::Not;
    return false;
  }
  server_ = std::move(server);
  server_tid_ = tid;
  task.process().helper_tid = tid;
  return true;
}

exitless::Server::Work CallService::server_work(task::Process& process) {
  exitless::Server::Work work;
  work.make_call = [this](vcpu::CallExchange& exchange, const vcpu::PostedCall& call) {
    return make_call(exchange, call);
  };
  work.begin = signal::block_host_signals;
  work.end = [&process] {
    signal::block_all_signals();
    bool is_first = true;
    process.for_each_thread([&is_first](task::Task& thread) {
      if (std::exchange(is_first, false)) signal::pass_helper_signals(thread);
    });
  };
  return work;
}

// False: it is too early to tell, or a signal came.
bool CallService::measure_cost(task::Task& task) {
  if (exit_cost_ != 0) return true;
  const uint64_t speed = ticks_per_microsecond();
  if (speed == 0) return false;
  const auto exit = task.cpu().measure_exit();
  const auto both = exit ? task.cpu().measure_syscall() : exit;
  if (!exit || !both) return false;
  syscall_cost_ = (*both - std::min(*both, *exit)) * 1000 / speed;
  exit_cost_ = std::max<uint64_t>(1, *exit * 1000 / speed);
  return true;
}

bool CallService::is_worthwhile(task::Task& task) {
  if (verdict_ != Verdict::Unknown) return verdict_ == Verdict::Worthwhile;
  const uint64_t speed = ticks_per_microsecond();
  if (speed == 0) return false;  // too early to tell
  if (calls_ == Options::Calls::Auto) {
    if (exitless::Placement().has_several() && !measure_cost(task)) return false;
    if (!exitless::Placement().has_several() || exit_cost_ < kCheapExitNanoseconds) {
      verdict_ = Verdict::Not;
      return false;
    }
  }
  pace_ = pace_for(speed);
  verdict_ = Verdict::Worthwhile;
  return true;
}

// Until the cost of a call is known it is taken for the usual one.
exitless::Pace CallService::pace_for(uint64_t speed) const {
  if (calls_ != Options::Calls::Auto) return exitless::Pace::eager(speed);
  return exit_cost_ == 0 ? exitless::Pace::usual(speed)
                         : exitless::Pace::usual(speed, (exit_cost_ + syscall_cost_) / 1000);
}

uint64_t CallService::ticks_per_microsecond() const {
  const uint64_t ticks = __rdtsc() - first_ticks_;
  const uint64_t nanoseconds = nanoseconds_now() - first_nanoseconds_;
  constexpr uint64_t kShortest = 50'000;
  return nanoseconds < kShortest ? 0 : ticks * 1000 / nanoseconds;
}

// Until then a server would act with the credentials of one thread for another that has others.
bool CallService::all_threads_agree(task::Process& process) {
  std::vector<pid_t> tids;
  task::Task* some = nullptr;
  process.for_each_thread([&](task::Task& thread) {
    some = &thread;
    tids.push_back(thread.tid());
  });
  const std::string first = credentials_of(*some, tids.front());
  return !first.empty() && std::ranges::all_of(tids, [&](pid_t tid) { return credentials_of(*some, tid) == first; });
}

void CallService::end_server() {
  const std::scoped_lock hold(lock_);
  may_differ_ = true;
  if (!server_) return;
  server_->end();
  server_ = nullptr;
}

// On the server's thread.
std::optional<int64_t> CallService::make_call(vcpu::CallExchange& exchange, const vcpu::PostedCall& call) {
  auto& task = *static_cast<task::Task*>(exchange.owner());
  if (call.number >= abi::kSyscallLimit || !may_be_posted(task.process(), call.number, call.arguments[0]) ||
      waits_for_lock(call) || sites_.note_served(exchange.slot().rcx)) {
    return std::nullopt;
  }
  const std::optional<int64_t> made = make_without_waiting(task, call);
  const int64_t result = made.value_or(-EAGAIN);
  if (result >= 0 && is_open(call.number)) {
    task.process().descriptors().judge_kind(static_cast<int>(result), sys::descriptor_kind);
  }
  signal::pass_helper_signals(task);
  const bool was_interrupted = signal::take_helper_interrupt();
  const bool wants_own_thread = task::take_own_thread_request();
  if (!made || (wants_own_thread && result < 0)) return std::nullopt;
  // SIGPIPE and SIGXFSZ, which come with these, have to be the thread's: it makes the call, which has had no other
  // effect, again. The helper's own stay pending for good.
  if (result == -EPIPE || result == -EFBIG) return std::nullopt;
  // Whoever it was meant for has come back before.
  const bool is_unfinished = result == -EINTR || result == -task::kRestart;
  if (was_interrupted && is_unfinished && !exchange.is_awaited()) return std::nullopt;
  return result;
}

void CallService::forget_after_fork(task::Process& process) {
  process.helper_tid = 0;
  static_cast<void>(new std::shared_ptr<exitless::Server>(std::move(server_)));  // its thread is not here
  server_tid_ = 0;
  may_differ_ = false;
}

}  // namespace kontain::run
