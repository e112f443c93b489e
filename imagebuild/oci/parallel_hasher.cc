#include "imagebuild/oci/parallel_hasher.h"

#include <algorithm>

namespace kontain::image {

ParallelHasher::~ParallelHasher() { join(); }

void ParallelHasher::update(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t count = std::min(bytes.size(), kChunk - current_.size());
    current_.append(bytes.substr(0, count));
    bytes.remove_prefix(count);
    if (current_.size() == kChunk) hand_over();
  }
}

void ParallelHasher::hand_over() {
  std::unique_lock guard(mutex_);
  if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  changed_.wait(guard, [&] { return waiting_.size() < kMostWaiting; });
  waiting_.push_back(std::move(current_));
  current_.clear();
  if (!spare_.empty()) {
    current_ = std::move(spare_.front());
    spare_.pop_front();
    current_.clear();
  }
  changed_.notify_all();
}

void ParallelHasher::work() {
  std::unique_lock guard(mutex_);
  for (;;) {
    changed_.wait(guard, [&] { return finished_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    std::string chunk = std::move(waiting_.front());
    waiting_.pop_front();
    guard.unlock();
    hasher_.update(chunk);
    guard.lock();
    spare_.push_back(std::move(chunk));
    changed_.notify_all();
  }
}

void ParallelHasher::join() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard guard(mutex_);
    finished_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Digest ParallelHasher::digest() {
  join();
  hasher_.update(current_);
  current_.clear();
  return hasher_.digest();
}

}  // namespace kontain::image
