// SHA-256 beside the work of the calling thread: hashing is what limits a large layer where processors have no
// instructions for it.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "imagebuild/oci/digest.h"

namespace kontain::image {

// Up to kChunk bytes are hashed by the caller, so that small content costs no thread. Used by one thread at a time.
class ParallelHasher {
 public:
  ParallelHasher() = default;
  ParallelHasher(const ParallelHasher&) = delete;
  ParallelHasher& operator=(const ParallelHasher&) = delete;
  ~ParallelHasher();
  void update(std::string_view bytes);
  // Of everything; nothing may follow.
  Digest digest();

 private:
  static constexpr size_t kChunk = size_t{512} << 10;
  static constexpr size_t kMostWaiting = 4;
  void hand_over();
  void work();
  void join();

  Hasher hasher_;        // the thread's, while there is one
  std::string current_;  // not handed over yet
  std::thread thread_;

  std::mutex mutex_;  // of everything below
  std::condition_variable changed_;
  std::deque<std::string> waiting_;
  std::deque<std::string> spare_;
  bool finished_ = false;
};

}  // namespace kontain::image
