// System calls without exits (km/exitless), for one process: what the stub may do itself, what it may post, when the
// call server is made and when it has to go. Safe to use from all threads.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "km/config/options.h"
#include "km/exitless/server.h"
#include "km/run/call_trace.h"
#include "km/run/site_watch.h"
#include "km/task/task.h"
#include "km/vcpu/machine.h"

namespace kontain::run {

// An exit that costs less is not worth a thread that looks for calls.
inline constexpr uint64_t kCheapExitNanoseconds = 5000;

class CallService {
 public:
  // Starts a host thread that does nothing but serve(): its id, or -1.
  using StartThread = std::function<pid_t(std::shared_ptr<exitless::Server>)>;

  // Everything outlives the object; `trace` may be null: what it wants takes an exit.
  CallService(config::Options::Calls calls, vcpu::Machine& machine, const CallTrace* trace, StartThread start_thread);

  // On the thread of `task`, before it enters the guest: as a new thread, as a vfork child, as the parent of one that
  // goes on, and whenever it may have become somebody else.
  void show_identity(task::Task& task);
  // `process` is the one that has the machine for itself.
  void show_descriptors(task::Process& process);
  // The server makes no calls of this thread any more: it ends, sleeps for a vfork child, or is somebody else now.
  void leave(task::Task& task);
  // After a call of the thread that took an exit, from the instruction before `return_address`. `streak` is the
  // thread's own.
  void note_exit(task::Task& task, exitless::Streak& streak, uint32_t number, uint64_t first_argument,
                 uint64_t return_address);

  // What is known of it, for the program that this one becomes.
  vcpu::CallCost cost() const { return {exit_cost_, syscall_cost_}; }

  // Held across fork(2).
  std::mutex& lock() { return lock_; }
  // In the child, which has no other thread.
  void forget_after_fork(task::Process& process);

 private:
  enum class Verdict : uint8_t { Unknown, Worthwhile, Not };

  void allow_calls(const CallTrace* trace);
  void note_site(task::Task& task, uint32_t number, uint64_t return_address);
  void answer_in_guest(uint32_t number);
  void forbid_calls();
  bool may_be_posted(task::Process& process, uint32_t number, uint64_t first_argument);
  void wake_server(task::Task& task);
  bool start_server(task::Task& task);
  exitless::Server::Work server_work(task::Process& process);
  bool measure_cost(task::Task& task);
  bool is_worthwhile(task::Task& task);
  bool all_threads_agree(task::Process& process);
  void end_server();
  std::optional<int64_t> make_call(vcpu::CallExchange& exchange, const vcpu::PostedCall& call);
  uint64_t ticks_per_microsecond() const;
  exitless::Pace pace_for(uint64_t speed) const;

  const config::Options::Calls calls_;
  vcpu::Machine& machine_;
  StartThread start_thread_;
  bool is_on_ = false;
  SiteWatch sites_;
  // Calls that the guest will answer, once their instructions have been looked at: until then they take an exit.
  std::array<std::atomic<uint8_t>, vcpu::kCallClasses> held_back_{};
  std::atomic<bool> is_filtered_ = false;
  std::atomic<Verdict> verdict_ = Verdict::Unknown;
  // Both at one moment near the start: what the time stamp counter's speed is known by.
  uint64_t first_ticks_ = 0;
  uint64_t first_nanoseconds_ = 0;

  std::atomic<uint64_t> exit_cost_;  // nanoseconds; 0: not measured yet
  std::atomic<uint64_t> syscall_cost_;

  std::mutex lock_;
  exitless::Pace pace_;
  std::shared_ptr<exitless::Server> server_;
  pid_t server_tid_ = 0;
  bool may_differ_ = false;  // a thread has changed its credentials since they were last seen to be everybody's
};

}  // namespace kontain::run
