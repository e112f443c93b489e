// vfork(2): a host process that shares our memory runs on the suspended parent's vCPU, until it ends or executes a
// program. What belongs to a process (signal actions, descriptors, limits) is its own copy.
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/host_call.h"
#include "base/mapping.h"
#include "km/run/monitor_state.h"
#include "km/signal/host_signals.h"
#include "km/sys/new_fds.h"
#include "km/task/interruptible_call.h"

namespace kontain::run {
namespace {

constexpr size_t kChildStackSize = 256 << 10;  // bytes

}  // namespace

struct Monitor::VforkStart {
  Monitor& monitor;
  task::Task& parent;
  const task::CloneRequest& request;
  // The child's, but the parent's to destroy: a child that becomes another program destroys nothing.
  task::Process process;
  int pidfd = -1;
};

// On a stack of its own, with the thread-local storage of the parent, which sleeps.
int Monitor::vfork_child_main(void* opaque) {
  auto& start = *static_cast<VforkStart*>(opaque);
  start.monitor.fds_.unlock();
  task::Task& parent = start.parent;
  parent.process().folder_lock().unlock();
  task::Process& process = start.process;
  task::Task task(process, parent.cpu(), static_cast<pid_t>(host_call(SYS_gettid)));
  task.signal_mask = parent.signal_mask;
  task.seccomp_filters = parent.seccomp_filters.load();
  task.alt_stack = parent.alt_stack;
  task.last_fault = parent.last_fault;
  kvm_regs& regs = task.cpu().regs();
  regs.rax = 0;
  if (start.request.stack != 0) regs.rsp = start.request.stack;
  if (start.request.flags & CLONE_SETTLS) task.cpu().set_fs_base(start.request.tls);
  const mem::GuestPtr<pid_t> child_tid(start.request.child_tid);
  if (start.request.flags & CLONE_CHILD_CLEARTID) task.clear_child_tid = child_tid.address();
  if (start.request.flags & CLONE_CHILD_SETTID) static_cast<void>(mem::store(child_tid, task.tid()));
  if (start.request.flags & CLONE_PARENT_SETTID) {
    static_cast<void>(mem::store(mem::GuestPtr<pid_t>(start.request.parent_tid), task.tid()));
  }
  if (start.request.flags & kClearSighand) reset_handlers(process);
  start.monitor.run_task(task);
  __builtin_unreachable();  // a process that shares memory ends as a whole
}

mem::GuestResult<pid_t> Monitor::vfork(task::Task& caller, const task::CloneRequest& request) {
  constexpr uint64_t kHostFlags = CLONE_FS | CLONE_PARENT | CLONE_IO | CLONE_SYSVSEM | CLONE_PIDFD;
  const signal::HostSignalsBlocked blocked(caller);
  if (signal::HostSignalsBlocked::must_deliver_first()) return tl::make_unexpected(mem::Errno{task::kRestart});
  const auto context = caller.cpu().save();
  if (!context) return tl::make_unexpected(mem::Errno{EAGAIN});
  auto stack = Mapping::create(kChildStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK);
  if (!stack) return tl::make_unexpected(mem::Errno{ENOMEM});
  if (trace_) trace_->name_threads();
  {
    std::scoped_lock hold(threads_lock_);
    share_registration();
  }
  calls_->leave(caller);  // the child is on our vCPU, with descriptors of its own
  if (request.flags & CLONE_FS) caller.process().shares_folders = true;
  // No descriptor changes hands while table and published numbers are copied, and the working directory is the
  // payload's.
  caller.process().folder_lock().lock();
  fds_.lock();
  VforkStart start = {*this, caller, request, task::Process(caller.process())};
  const uint64_t flags =
      (request.flags & kHostFlags) | CLONE_VM | CLONE_VFORK | static_cast<uint64_t>(request.exit_signal);
  void* const top = static_cast<char*>(stack->get()) + stack->size();
  const pid_t pid = clone(&vfork_child_main, top, static_cast<int>(flags), &start, &start.pidfd);
  const int error = errno;
  // The child has used our thread-local storage and our vCPU.
  task::signal_in_hand() = {};
  signal::bind_host_thread(&caller);
  calls_->show_identity(caller);
  if (pid < 0) {
    fds_.unlock();
    caller.process().folder_lock().unlock();
    return tl::make_unexpected(mem::Errno{error});
  }
  if (caller.process().folder_lock().held_by_this_thread()) caller.process().folder_lock().unlock();
  memory_->release_lock_of_dead_child();
  fds_.release_lock_of_dead_child();
  if (!caller.cpu().restore(*context)) return tl::make_unexpected(mem::Errno{ENOMEM});
  if (request.flags & CLONE_PIDFD) {
    const sys::SysResult given = sys::hand_out_fd(caller, sys::SysResult::value(start.pidfd));
    static_cast<void>(mem::store(mem::GuestPtr<int>(request.pidfd), static_cast<int>(given.raw())));
  }
  return pid;
}

}  // namespace kontain::run
