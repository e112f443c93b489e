// fork(2): the host forks, and the child makes a virtual machine over its copy of the memory.
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/host_call.h"
#include "base/log.h"
#include "base/procfs.h"
#include "km/run/monitor_state.h"
#include "km/signal/host_signals.h"
#include "km/sys/new_fds.h"
#include "km/sys/proc_files.h"

// Inside a statically linked C library: what its fork(3) does about malloc. That fork cannot be used here, because it
// has no flags.
extern "C" {
void __malloc_fork_lock_parent(void);
void __malloc_fork_unlock_parent(void);
void __malloc_fork_unlock_child(void);
}

namespace kontain::run {

void reset_handlers(task::Process& process) {
  for (int signal = 1; signal <= task::kSignalCount; ++signal) {
    if (!process.signals().get(signal).has_handler()) continue;
    process.signals().set(signal, {});
    signal::apply_to_host(process, signal, {});
  }
}

// Holds every lock of the monitor across the host's fork, so that the child finds none that another thread holds. In
// the order in which they nest.
class Monitor::ForkLocks {
 public:
  ForkLocks(Monitor& monitor, task::Process& process, uint64_t stack_pointer)
      : folder_(process.folder_lock()),
        memory_(*monitor.memory_),
        fds_(monitor.fds_),
        calls_(monitor.calls_->lock()),
        threads_(monitor.threads_lock_),
        process_threads_(process.threads_lock()) {
    // A vCPU is made under the machine's lock, and needs pages.
    machine_ = std::unique_lock(monitor.machine_->lock());
    memory_.prepare_fork(stack_pointer);
    fds_.lock();
    // vfork copies the actions while it holds the descriptors.
    actions_ = std::unique_lock(process.signals().lock());
    __malloc_fork_lock_parent();
  }
  ForkLocks(const ForkLocks&) = delete;
  ForkLocks& operator=(const ForkLocks&) = delete;

  // In both processes, before anything else.
  void release(pid_t pid) {
    if (pid == 0) {
      __malloc_fork_unlock_child();
    } else {
      __malloc_fork_unlock_parent();
    }
    fds_.unlock();
    if (pid == 0) {
      memory_.finish_fork_in_child();
    } else {
      memory_.finish_fork_in_parent();
    }
    machine_.unlock();
  }

 private:
  std::scoped_lock<Lock> folder_;
  mem::AddressSpace& memory_;
  fd::MonitorFds& fds_;
  std::scoped_lock<std::mutex> calls_;  // a call server is started under it
  std::scoped_lock<std::mutex> threads_;
  std::scoped_lock<std::mutex> process_threads_;
  std::unique_lock<std::mutex> actions_;
  std::unique_lock<std::mutex> machine_;
};

mem::GuestResult<pid_t> Monitor::fork(task::Task& caller, const task::CloneRequest& request) {
  constexpr uint64_t kHostFlags = CLONE_FS | CLONE_PARENT | CLONE_IO | CLONE_SYSVSEM | CLONE_PIDFD | CLONE_VFORK;
  const signal::HostSignalsBlocked blocked(caller);
  if (signal::HostSignalsBlocked::must_deliver_first()) return tl::make_unexpected(mem::Errno{task::kRestart});
  const auto context = caller.cpu().save();
  if (!context) return tl::make_unexpected(mem::Errno{EAGAIN});
  const uint64_t flags = (request.flags & kHostFlags) | static_cast<uint64_t>(request.exit_signal);
  const bool had_other_threads = caller.process().has_other_threads();
  if (trace_) trace_->name_threads();
  if (request.flags & CLONE_FS) caller.process().shares_folders = true;
  const auto random = caller.process().split_random();
  int pidfd = -1;
  long pid = 0;
  {
    ForkLocks locks(*this, caller.process(), caller.cpu().regs().rsp);
    share_registration();
    pid = host_call(SYS_clone, flags, 0, reinterpret_cast<uint64_t>(&pidfd));
    locks.release(static_cast<pid_t>(pid));
  }
  if (pid < 0) return tl::make_unexpected(mem::Errno{static_cast<int>(-pid)});
  if (pid == 0) {
    become_forked_child(caller, request, *context, had_other_threads, random);
    return 0;
  }
  if (request.flags & CLONE_PARENT_SETTID) {
    static_cast<void>(mem::store(mem::GuestPtr<pid_t>(request.parent_tid), static_cast<pid_t>(pid)));
  }
  if (request.flags & CLONE_PIDFD) {
    const sys::SysResult given = sys::hand_out_fd(caller, sys::SysResult::value(pidfd));
    static_cast<void>(mem::store(mem::GuestPtr<int>(request.pidfd), static_cast<int>(given.raw())));
  }
  return static_cast<pid_t>(pid);
}

// Only the calling thread is left. What cannot be had any more ends the child, as the kernel ends a process that it
// cannot give memory.
void Monitor::become_forked_child(task::Task& task, const task::CloneRequest& request, const vcpu::Context& context,
                                  bool had_other_threads, const std::optional<repeat::RandomKey>& random) {
  ThreadStop::forget();
  static_cast<void>(thread_stop_.release());  // its lock may be held by a thread that is not here
  thread_stop_ = std::make_unique<ThreadStop>();
  finished_.clear();
  leader_ = gettid();
  reports_faults_ = false;
  task.set_tid(leader_);
  task.process().keep_only(task);
  task.process().shares_memory = false;
  task.process().renew_for_child(random);
  task.robust_list = 0;
  task.clear_child_tid = (request.flags & CLONE_CHILD_CLEARTID) ? request.child_tid : 0;
  std::vector<int> kept = {system_.fd(), self_.get()};
  if (trace_) kept.push_back(trace_->fd());
  if (registration_.fd() >= 0) kept.push_back(registration_.fd());
  if (held_procfs() >= 0) kept.push_back(held_procfs());
  if (process_->executable_fd >= 0) kept.push_back(process_->executable_fd);
  fds_.forget_all_in_fork_child(kept);
  starter_.forget_in_fork_child();
  const fd::DescriptorRoom room(fds_);  // the payload may have none left
  // What they had of their own is closed.
  task.process().proc_root = nullptr;
  task.process().other_proc_root = nullptr;
  sys::renew_proc_root(task);
  if (had_other_threads) sys::close_unpublished_fds(task);
  auto opened = machine_->reopen();
  auto cpu = opened ? machine_->create_cpu() : tl::make_unexpected(opened.error());
  auto restored = cpu ? (*cpu)->restore(context) : tl::make_unexpected(cpu.error());
  if (!restored) {
    print_error(restored.error());
    kill(leader_, SIGKILL);
  }
  task.set_cpu(**cpu);
  calls_->forget_after_fork(task.process());
  calls_->show_identity(task);
  if (request.stack != 0) task.cpu().regs().rsp = request.stack;
  if (request.flags & CLONE_SETTLS) task.cpu().set_fs_base(request.tls);
  if (request.flags & CLONE_CHILD_SETTID) {
    static_cast<void>(mem::store(mem::GuestPtr<pid_t>(request.child_tid), leader_));
  }
  if (request.flags & kClearSighand) reset_handlers(task.process());
}

}  // namespace kontain::run
