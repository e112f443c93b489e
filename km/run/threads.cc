// Host threads of payload threads.
//
// A payload thread ends by the exit system call itself, not by returning to the C library: that would take locks of
// the library's which a fork could not hold. Whoever makes the next thread reaps those that have ended.
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "base/host_call.h"
#include "km/run/monitor_state.h"
#include "km/run/thread_loop.h"
#include "km/signal/host_signals.h"
#include "km/task/helper_thread.h"
#include "km/task/robust_list.h"

// Inside a statically linked C library: returns what a thread's malloc has cached, as pthread_exit(3) would.
extern "C" void __malloc_arena_thread_freeres(void);

namespace kontain::run {
namespace {

constexpr size_t kHostStackSize = 256 << 10;  // bytes; handlers keep what is large on the heap

// The thread's clock carries its id (kernel: MAKE_THREAD_CPUCLOCK); the C library has no other call for it.
pid_t tid_of(pthread_t thread) {
  clockid_t clock = 0;
  return pthread_getcpuclockid(thread, &clock) == 0 ? static_cast<pid_t>(~(clock >> 3)) : -1;
}

bool start_host_thread(pthread_t& thread, void* (*main)(void*), void* argument) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kHostStackSize);
  const int error = pthread_create(&thread, &attributes, main, argument);
  pthread_attr_destroy(&attributes);
  return error == 0;
}

}  // namespace

// CLONE_PARENT_SETTID: the id has to be there before the creator goes on and before the thread does, and must not come
// again after the thread has ended and cleared it. So whoever is first stores it, and the other waits for that.
class TidStore {
 public:
  explicit TidStore(const task::CloneRequest& request)
      : address_((request.flags & CLONE_PARENT_SETTID) ? request.parent_tid : 0) {}

  void ensure(pid_t tid) {
    if (address_ == 0) return;
    if (!is_taken_.test_and_set()) {
      static_cast<void>(mem::store(mem::GuestPtr<pid_t>(address_), tid));
      is_done_.test_and_set();
      is_done_.notify_all();
    }
    is_done_.wait(false);
  }

 private:
  uint64_t address_;
  std::atomic_flag is_taken_;
  std::atomic_flag is_done_;
};

struct Monitor::ThreadStart {
  Monitor& monitor;
  task::Process& process;
  vcpu::Cpu& cpu;
  task::CloneRequest request;
  uint64_t signal_mask;
  std::shared_ptr<TidStore> parent_tid;
  const seccomp::Chain* seccomp_filters;
};

mem::GuestResult<pid_t> Monitor::create_thread(task::Task& caller, const task::CloneRequest& request) {
  if (caller.process().shares_memory) return tl::make_unexpected(mem::Errno{EAGAIN});
  const signal::HostSignalsBlocked blocked(caller);
  if (signal::HostSignalsBlocked::must_deliver_first()) return tl::make_unexpected(mem::Errno{task::kRestart});
  auto context = caller.cpu().save();
  auto cpu = context ? create_cpu_in_room() : tl::make_unexpected(context.error());
  if (!cpu) return tl::make_unexpected(mem::Errno{EAGAIN});
  context->regs.rax = 0;
  if (request.stack != 0) context->regs.rsp = request.stack;
  if (request.flags & CLONE_SETTLS) context->fs_base = request.tls;
  if (trace_) trace_->name_threads();
  const auto parent_tid = std::make_shared<TidStore>(request);
  auto start = std::make_unique<ThreadStart>(
      ThreadStart{*this, caller.process(), **cpu, request, caller.signal_mask, parent_tid, caller.seccomp_filters});
  std::scoped_lock hold(threads_lock_);
  reap_finished_threads();
  caller.process().expect_thread();
  pthread_t thread = {};
  if (!(*cpu)->restore(*context) || !start_host_thread(thread, &thread_main, start.get())) {
    caller.process().end_expected_thread();
    machine_->recycle(**cpu);
    return tl::make_unexpected(mem::Errno{EAGAIN});
  }
  static_cast<void>(start.release());  // the thread's now
  // It cannot have been reaped: that takes the lock we hold.
  const pid_t tid = tid_of(thread);
  parent_tid->ensure(tid);
  return tid;
}

// The payload may have no descriptor left.
Result<vcpu::Cpu*> Monitor::create_cpu_in_room() {
  const fd::DescriptorRoom room(fds_);
  return machine_->create_cpu();
}

void* Monitor::thread_main(void* opaque) {
  std::unique_ptr<ThreadStart> start(static_cast<ThreadStart*>(opaque));
  Monitor& monitor = start->monitor;
  task::Task task(start->process, start->cpu, gettid());
  task.signal_mask = start->signal_mask;
  task.seccomp_filters = start->seccomp_filters;
  const task::CloneRequest& request = start->request;
  const mem::GuestPtr<pid_t> child_tid(request.child_tid);
  if (request.flags & CLONE_CHILD_CLEARTID) task.clear_child_tid = child_tid.address();
  if (request.flags & CLONE_CHILD_SETTID) static_cast<void>(mem::store(child_tid, task.tid()));
  start->parent_tid->ensure(task.tid());
  start.reset();
  const int status = monitor.run_task(task);
  exit_host_thread(status, task.clear_child_tid);
}

int Monitor::run_task(task::Task& task) {
  task.process().add_thread(task);
  signal::block_host_signals();
  signal::bind_host_thread(&task);
  signal::set_host_mask(task.signal_mask);
  calls_->show_identity(task);
  const ThreadEnd end = ThreadLoop(task, trace(), *thread_stop_, *calls_, starter_).run();
  if (end.ends_process || task.process().shares_memory) end_process(task, end.outcome, end.call);
  signal::block_host_signals();
  signal::bind_host_thread(nullptr);
  calls_->leave(task);
  task::release_robust_list(task);
  task.process().remove_thread(task);
  machine_->recycle(task.cpu());
  // KVM's own worker is a thread of this process and outlives them all, unless the last one ends it. The status is
  // then the last thread's (kernel/exit.c: synchronize_group_exit).
  if (task.process().end_expected_thread()) end_process(task, end.outcome, {});
  if (trace_) trace_->write_outcome(end.outcome);
  if (task.tid() != leader_) {
    std::scoped_lock hold(threads_lock_);
    finished_.push_back(pthread_self());
  }
  return end.outcome.status;
}

// The thread of a call server. Other kontainers count our threads without it (count_foreign_threads in
// km/sys/proc_files.cc). They know it by its name; until it has that, by blocking what no other thread does, like its
// creator, which waits for it.
struct Monitor::ServerStart {
  Monitor& monitor;
  std::shared_ptr<exitless::Server> server;
  std::shared_ptr<std::atomic<bool>> is_named = std::make_shared<std::atomic<bool>>(false);
};

void* Monitor::server_main(void* opaque) {
  std::unique_ptr<ServerStart> start(static_cast<ServerStart*>(opaque));
  Monitor& monitor = start->monitor;
  task::become_helper_thread();
  signal::block_all_signals();
  prctl(PR_SET_NAME, task::kHelperName.data(), 0, 0, 0);
  *start->is_named = true;
  start->is_named->notify_one();
  start->server->serve();
  start.reset();
  {
    std::scoped_lock hold(monitor.threads_lock_);
    monitor.finished_.push_back(pthread_self());
  }
  exit_host_thread(0, 0);
}

pid_t Monitor::start_server_thread(std::shared_ptr<exitless::Server> server) {
  auto start = std::make_unique<ServerStart>(ServerStart{*this, std::move(server)});
  const std::scoped_lock hold(threads_lock_);
  reap_finished_threads();
  pthread_t thread = {};
  const auto is_named = start->is_named;
  signal::block_all_signals();
  const bool is_started = start_host_thread(thread, &server_main, start.get());
  if (is_started) {
    static_cast<void>(start.release());  // the thread's now
    is_named->wait(false);
  }
  signal::block_host_signals();
  return is_started ? tid_of(thread) : -1;
}

void Monitor::exit_host_thread(int status, uint64_t clear_child_tid) {
  __malloc_arena_thread_freeres();
  clear_tid_word(clear_child_tid);
  host_call(SYS_exit, static_cast<uint64_t>(status));
  __builtin_unreachable();
}

// Those that have said so are past their last lock; the C library frees their stacks.
void Monitor::reap_finished_threads() {
  for (const pthread_t thread : finished_) pthread_join(thread, nullptr);
  finished_.clear();
}

void Monitor::clear_tid_word(uint64_t address) {
  const mem::GuestPtr<int> word(address);
  if (word.is_null() || !mem::store(word, 0)) return;
  host_call(SYS_futex, word.address(), FUTEX_WAKE, 1, 0, 0, 0);
}

}  // namespace kontain::run
