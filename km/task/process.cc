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
      clock(parent.clock ? std::make_unique<repeat::FixedClock>(parent.clock->state()) : nullptr),
      shares_folders(parent.shares_folders),
      shares_memory(true),
      memory_(parent.memory_),
      fds_(parent.fds_),
      descriptors_(parent.descriptors_),
      lifecycle_(parent.lifecycle_),
      executable_(parent.executable_),
      signals_(parent.signals_) {
  if (const auto key = parent.split_random()) random = std::make_unique<repeat::RandomStream>(*key);
}

std::optional<repeat::RandomKey> Process::split_random() const {
  return random ? std::optional(random->split()) : std::nullopt;
}

void Process::renew_for_child(const std::optional<repeat::RandomKey>& key) {
  if (key) random = std::make_unique<repeat::RandomStream>(*key);
  if (!clock) return;
  auto renewed = std::make_unique<repeat::FixedClock>(clock->state());
  static_cast<void>(clock.release());  // its lock may be held by a thread that is not here
  clock = std::move(renewed);
}

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
