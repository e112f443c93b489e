#include "km/task/process.h"

#include <algorithm>

namespace kontain::task {

Process::Process(const Process& parent)
    : executable_fd(parent.executable_fd),
      image(parent.image),
      proc_root(parent.proc_root),
      other_proc_root(parent.other_proc_root),
      run_device(parent.run_device),
      limits(parent.limits),
      dumpable(parent.dumpable),
      personality(parent.personality),
      shares_folders(parent.shares_folders),
      shares_memory(true),
      memory_(parent.memory_),
      fds_(parent.fds_),
      descriptors_(parent.descriptors_),
      lifecycle_(parent.lifecycle_),
      executable_(parent.executable_),
      signals_(parent.signals_) {}

void Process::add_thread(Task& task) {
  std::scoped_lock hold(threads_lock_);
  threads_.push_back(&task);
}

void Process::remove_thread(Task& task) {
  std::scoped_lock hold(threads_lock_);
  std::erase(threads_, &task);
}

size_t Process::thread_count() const {
  std::scoped_lock hold(threads_lock_);
  return threads_.size();
}

void Process::keep_only(Task& task) {
  threads_.assign(1, &task);
  expected_threads_ = 1;
  static_cast<void>(folder_locks_.release());  // may be held by a thread that is not here
  folder_locks_ = std::make_unique<FolderLocks>();
  static_cast<void>(aio_.release());
  aio_ = std::make_unique<AioContexts>();
}

}  // namespace kontain::task
