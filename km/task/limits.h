// Resource limits that are the payload's alone.
#pragma once

#include <sys/resource.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <type_traits>

namespace kontain::task {

// A plain value: a fork copies it, and an exec hands its bytes on. Reading and changing single limits is safe from all
// threads.
class Limits {
 public:
  // Nothing: the host's limit is the payload's.
  std::optional<rlimit> get(unsigned resource) const {
    if ((load(kept_) >> resource & 1) == 0) return std::nullopt;
    return rlimit{load(soft_[resource]), load(hard_[resource])};
  }

  void set(unsigned resource, const rlimit& limit) {
    std::atomic_ref(soft_[resource]).store(limit.rlim_cur, std::memory_order_relaxed);
    std::atomic_ref(hard_[resource]).store(limit.rlim_max, std::memory_order_relaxed);
    std::atomic_ref(kept_).fetch_or(uint64_t{1} << resource, std::memory_order_release);
  }

 private:
  static uint64_t load(const uint64_t& word) { return __atomic_load_n(&word, __ATOMIC_ACQUIRE); }

  uint64_t kept_ = 0;  // bit n: resource n is in the arrays
  std::array<uint64_t, RLIM_NLIMITS> soft_{};
  std::array<uint64_t, RLIM_NLIMITS> hard_{};
};
static_assert(std::is_trivially_copyable_v<Limits>);

}  // namespace kontain::task
