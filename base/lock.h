// A mutex that can say whether the calling thread holds it.
#pragma once

#include <atomic>
#include <mutex>

namespace kontain {

// A vfork(2) child runs on its suspended parent's stack and thread-local storage, so to this lock the two are one
// thread: a parent that goes on and finds itself holding the lock knows that the child was killed inside it.
class Lock {
 public:
  void lock() {
    mutex_.lock();
    owner_.store(self(), std::memory_order_relaxed);
  }
  void unlock() {
    owner_.store(nullptr, std::memory_order_relaxed);
    mutex_.unlock();
  }
  bool held_by_this_thread() const { return owner_.load(std::memory_order_relaxed) == self(); }

 private:
  static const void* self() {
    static thread_local const char marker = 0;
    return &marker;
  }
  std::mutex mutex_;
  std::atomic<const void*> owner_{nullptr};
};

}  // namespace kontain
