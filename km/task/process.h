// A payload's process, as the system calls see it.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "base/lock.h"
#include "km/fd/monitor_fds.h"
#include "km/fd/payload_fds.h"
#include "km/mem/address_space.h"
#include "km/repeat/clock.h"
#include "km/repeat/random.h"
#include "km/task/aio_contexts.h"
#include "km/task/lifecycle.h"
#include "km/task/limits.h"
#include "km/task/program_image.h"
#include "km/task/signal_action.h"

namespace kontain::task {

// The procfs at /proc as this process uses it (km/sys/proc_files.h).
struct ProcRoot {
  int fd = -1;        // the held one (base/procfs.h), a descriptor of the monitor; -1: there is no procfs
  int smaps_fd = -1;  // the monitor's own smaps, opened while no other thread could use the number
  uint64_t device = 0;
  uint64_t monitor_device = 0, monitor_inode = 0;  // the monitor's own executable
};

// The state of one Linux process, shared by its threads. A vfork child has a copy of its own over the same memory.
class Process {
 public:
  Process(mem::AddressSpace& memory, fd::MonitorFds& fds) : memory_(memory), fds_(fds) {}
  // For vfork: everything but the threads.
  Process(const Process& parent);

  mem::AddressSpace& memory() { return memory_; }
  fd::MonitorFds& fds() { return fds_; }
  // The numbers that calls of this process may name.
  fd::PayloadFds& descriptors() { return descriptors_; }
  SignalActions& signals() { return signals_; }
  AioContexts& aio() { return *aio_; }

  // Who makes threads and processes; nobody in unit tests.
  Lifecycle* lifecycle() { return lifecycle_; }
  void set_lifecycle(Lifecycle* lifecycle) { lifecycle_ = lifecycle; }

  // The payload's executable as /proc/self/exe shows it: an absolute path without links.
  const std::string& executable() const { return executable_; }
  void set_executable(std::string path) { executable_ = std::move(path); }
  // The same file as a monitor's descriptor, O_PATH or readable; -1: only the path is known.
  int executable_fd = -1;
  ProgramImage image;
  // Owned by whichever thread stored it first; never changed or freed.
  ProcRoot* proc_root = nullptr;
  // The same of a procfs that is not the held one and is at /proc of another root; fd and device only.
  ProcRoot* other_proc_root = nullptr;
  // Of /run as the first process of the tree found it, 0: none. There running monitors are registered (km/registry).
  uint64_t run_device = 0;

  // Limits that are the payload's alone: they would hit the monitor if they were the host's (km/sys/limits.h).
  Limits limits;
  // prctl(PR_SET_DUMPABLE); the monitor itself never is.
  int dumpable = 1;
  // personality(2), once the payload has set it; until then it is the host's.
  std::optional<uint32_t> personality;
  // Of a repeatable run, else nullptr: what it has for the host's wall clock and randomness. Made before the first
  // thread runs; another process has others (renew_for_child()).
  std::unique_ptr<repeat::FixedClock> clock;
  std::unique_ptr<repeat::RandomStream> random;
  // In a forked child: the same clock without the parent's timers, and the randomness that the parent has split off.
  void renew_for_child(const std::optional<repeat::RandomKey>& key);
  // What a child or the next program of this process shall have.
  std::optional<repeat::RandomKey> split_random() const;
  // True when another process was made with CLONE_FS: working directory and root are both's.
  bool shares_folders = false;
  // True for a vfork child: its memory, and the vCPU it runs on, are its parent's.
  bool shares_memory = false;

  // The monitor's own thread among this process's (helper_thread.h), which nothing shows to the payload; 0: there is
  // none.
  std::atomic<pid_t> helper_tid = 0;

  // The threads that run the payload. One is expected from before its host thread exists: the process must not end
  // meanwhile.
  void expect_thread() { expected_threads_.fetch_add(1); }
  void add_thread(Task& task);
  void remove_thread(Task& task);
  // One that was expected has ended, or did not begin: true if it was the last.
  bool end_expected_thread() { return expected_threads_.fetch_sub(1) == 1; }
  size_t thread_count() const;
  // While this is false nobody else uses this process's descriptors.
  bool has_other_threads() const { return expected_threads_ > 1; }
  // In a forked child only the caller is left.
  void keep_only(Task& task);
  template <class Fn>
  void for_each_thread(Fn&& fn) {
    std::scoped_lock hold(threads_lock_);
    for (Task* task : threads_) fn(*task);
  }
  // Held across fork(2).
  std::mutex& threads_lock() { return threads_lock_; }
  // Held alone by whoever moves the root, together by those to whom it matters where it is.
  std::shared_mutex& root_lock() { return folder_locks_->root; }
  // Held by whoever moves the working directory or asks for it, and across fork(2) and exec: it may be the monitor's
  // for a moment. Taken before any other lock but root_lock().
  Lock& folder_lock() { return folder_locks_->folder; }

 private:
  mem::AddressSpace& memory_;
  fd::MonitorFds& fds_;
  fd::PayloadFds descriptors_;
  Lifecycle* lifecycle_ = nullptr;
  std::string executable_;
  SignalActions signals_;
  struct FolderLocks {
    std::shared_mutex root;
    Lock folder;
  };
  std::unique_ptr<FolderLocks> folder_locks_ = std::make_unique<FolderLocks>();
  std::unique_ptr<AioContexts> aio_ = std::make_unique<AioContexts>();  // no child inherits any
  mutable std::mutex threads_lock_;
  std::vector<Task*> threads_;
  std::atomic<int> expected_threads_ = 1;
};

}  // namespace kontain::task
