#include "km/fd/monitor_fds.h"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <string>
#include <vector>

namespace kontain::fd {
namespace {

constexpr int kLowest = 16;          // below it there is no room for an ordinary payload
constexpr int kFarFromLimit = 4096;  // limits below it have no far region

rlimit descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit;
}

int hard_limit() { return static_cast<int>(std::min<rlim_t>(descriptor_limit().rlim_max, MonitorFds::kNumbers)); }

struct Region {
  int start;
  int end;
};

Region near_region(int limit) {
  constexpr int kUsualEnd = MonitorFds::kUsualNearStart + MonitorFds::kNearSize;
  if (limit >= kUsualEnd) return {MonitorFds::kUsualNearStart, kUsualEnd};
  const int size = std::clamp(limit / 16, MonitorFds::kLeast, MonitorFds::kNearSize / 4);
  return {limit - size, limit};
}

Region far_region(int limit) {
  if (limit < kFarFromLimit) return {0, 0};
  const int size = std::min(MonitorFds::kFarSize, limit / 8);
  const int start = std::min(MonitorFds::kUsualFarStart, limit - size);
  return {start, start + size};
}

bool is_in_a_region(int number) {
  const int limit = hard_limit();
  const auto contains = [number](Region region) { return number >= region.start && number < region.end; };
  return contains(near_region(limit)) || contains(far_region(limit));
}

// Which of the numbers from `start` to before `end` are open.
std::vector<bool> open_numbers(int start, int end) {
  std::vector<pollfd> entries;
  for (int number = start; number < end; ++number) entries.push_back({number, 0, 0});
  std::vector<bool> open(entries.size(), true);
  if (poll(entries.data(), entries.size(), 0) < 0) return open;
  for (size_t i = 0; i < entries.size(); ++i) open[i] = (entries[i].revents & POLLNVAL) == 0;
  return open;
}

tl::unexpected<Error> no_room() {
  return fail("descriptors", "limit of " + std::to_string(descriptor_limit().rlim_max) + " (ulimit -n)",
              "fewer than " + std::to_string(MonitorFds::kLeast) + " free numbers for the monitor from " +
                  std::to_string(kLowest) + " on");
}

template <class Bits>
void set_bit(Bits& bits, int number) {
  const auto index = static_cast<unsigned>(number);
  bits[index / 64].fetch_or(uint64_t{1} << (index % 64), std::memory_order_relaxed);
}

template <class Bits>
void clear_bit(Bits& bits, int number) {
  const auto index = static_cast<unsigned>(number);
  bits[index / 64].fetch_and(~(uint64_t{1} << (index % 64)), std::memory_order_relaxed);
}

// The lowest number >= `number` whose bit in the words that `word_at` gives is set; MonitorFds::kNumbers if none.
template <class WordAt>
int find_bit(int number, WordAt word_at) {
  if (number >= MonitorFds::kNumbers) return MonitorFds::kNumbers;
  const auto start = static_cast<unsigned>(std::max(number, 0));
  uint64_t word = word_at(start / 64) & (~uint64_t{0} << (start % 64));
  for (unsigned index = start / 64;;) {
    if (word != 0) return static_cast<int>(index * 64) + std::countr_zero(word);
    if (++index == MonitorFds::kNumbers / 64) return MonitorFds::kNumbers;
    word = word_at(index);
  }
}

}  // namespace

// Reserves what is free in the range and returns how much that is.
int MonitorFds::reserve(int start, int end) {
  const std::vector<bool> open = open_numbers(start, end);
  int count = 0;
  for (int number = start; number < end; ++number) {
    if (open[static_cast<size_t>(number - start)] || is_monitor_fd(number)) continue;
    set_bit(owned_, number);
    ++count;
  }
  return count;
}

int MonitorFds::reserve_inherited() {
  int count = 0;
  for (const int number : inherited_) {
    if (!is_in_a_region(number)) continue;
    set_bit(owned_, number);
    set_bit(used_, number);
    ++count;
  }
  return count;
}

bool MonitorFds::place() {
  const int limit = hard_limit();
  const Region near = near_region(limit);
  const Region far = far_region(limit);
  if (near.start < kLowest) return false;
  const DescriptorRoom room(*this);  // poll(2) takes no more entries than the soft limit
  int count = reserve_inherited() + reserve(near.start, near.end) + reserve(far.start, far.end);
  // Inherited descriptors fill the regions: upwards first, where the payload comes later.
  for (int start = near.end; count < kLeast && start + kLeast <= limit; start += kLeast) {
    count += reserve(start, start + kLeast);
  }
  for (int start = near.start - kLeast; count < kLeast && start >= kLowest; start -= kLeast) {
    count += reserve(start, start + kLeast);
  }
  is_placed_ = count >= kLeast;
  return is_placed_;
}

bool MonitorFds::is_used(int number) const {
  const auto index = static_cast<unsigned>(number);
  return used_[index / kWordBits].load(std::memory_order_relaxed) >> (index % kWordBits) & 1;
}

int MonitorFds::lowest_unused(int from) const {
  return find_bit(from, [this](unsigned index) { return owned_[index].load() & ~used_[index].load(); });
}

int MonitorFds::first_owned_at_or_after(int number) const {
  return find_bit(number, [this](unsigned index) { return owned_[index].load(); });
}

int MonitorFds::first_free_at_or_after(int number) const {
  return find_bit(number, [this](unsigned index) { return ~owned_[index].load(); });
}

bool MonitorFds::can_spare_one() const {
  int unused = 0;
  for (int number = lowest_unused(0); number < kNumbers && unused <= kLeast; number = lowest_unused(number + 1)) {
    ++unused;
  }
  return unused > kLeast;
}

// The host chooses the number, so that a descriptor of the payload that is just passing through one is not replaced.
Result<UniqueFd> MonitorFds::move_in(int number) {
  const DescriptorRoom room(*this);
  for (int wanted = lowest_unused(0); wanted < kNumbers;) {
    UniqueFd moved(fcntl(number, F_DUPFD_CLOEXEC, wanted));
    if (!moved) return fail_errno("descriptors", "", errno == EINVAL ? EMFILE : errno);
    if (is_monitor_fd(moved.get())) {
      set_bit(used_, moved.get());
      return moved;
    }
    wanted = lowest_unused(moved.get());
  }
  return fail("descriptors", "", "the monitor's numbers are all in use");
}

Result<UniqueFd> MonitorFds::adopt(UniqueFd fd) {
  const std::lock_guard held(mutex_);
  if (!is_placed_ && !place()) return no_room();
  const UniqueFd original = std::move(fd);
  return move_in(original.get());
}

void MonitorFds::expect_inherited(std::span<const int> numbers) {
  std::copy_n(numbers.begin(), std::min(numbers.size(), inherited_.size()), inherited_.begin());
}

bool MonitorFds::has_room_after_exec() {
  const int limit = hard_limit();
  // That a payload has everything up there is not worth asking before each exec.
  if (limit >= kUsualNearStart + kNearSize) return true;
  int count = 0;
  for (int number = kLowest; number < limit && count < kLeast; ++number) {
    const int flags = fcntl(number, F_GETFD);
    if (flags < 0 || flags & FD_CLOEXEC) ++count;
  }
  return count == kLeast;
}

Result<UniqueFd> MonitorFds::adopt_inherited(UniqueFd fd) {
  const std::lock_guard held(mutex_);
  if (!is_placed_ && !place()) return no_room();
  const int number = fd.get();
  if (!is_in_a_region(number)) {
    const UniqueFd original = std::move(fd);
    return move_in(number);
  }
  if (fcntl(number, F_SETFD, FD_CLOEXEC) != 0) return fail_errno("descriptors", "", errno);
  set_bit(owned_, number);
  set_bit(used_, number);
  return fd;
}

void MonitorFds::release(UniqueFd fd) {
  const std::lock_guard held(mutex_);
  const int number = fd.get();
  fd.reset();
  if (is_monitor_fd(number)) clear_bit(used_, number);
}

void MonitorFds::discard(int number) {
  const std::lock_guard held(mutex_);
  close(number);
}

void MonitorFds::forget(int number) {
  const std::lock_guard held(mutex_);
  clear_bit(used_, number);
}

void MonitorFds::forget_all_in_fork_child(std::span<const int> kept) {
  const std::lock_guard held(mutex_);
  const auto used = [this](unsigned index) { return used_[index].load(); };
  for (int number = find_bit(0, used); number < kNumbers; number = find_bit(number + 1, used)) {
    if (std::ranges::find(kept, number) != kept.end()) continue;
    close(number);
    clear_bit(used_, number);
  }
  // Rooms of the parent's other threads.
  const bool was_open = std::exchange(rooms_, 0) > 0;
  if (was_open) restore_limit();
}

bool MonitorFds::vacate(int number) {
  const std::lock_guard held(mutex_);
  if (!is_monitor_fd(number)) return true;
  if (!can_spare_one()) return false;
  if (is_used(number)) {
    if (!renumber_) return false;
    auto moved = move_in(number);
    if (!moved) return false;
    if (!renumber_(number, moved->get())) {
      clear_bit(used_, moved->get());
      return false;
    }
    moved->release();
    close(number);
    clear_bit(used_, number);
  }
  clear_bit(owned_, number);
  return true;
}

bool MonitorFds::cede(int number) {
  const std::lock_guard held(mutex_);
  if (is_used(number) || !can_spare_one()) return false;
  clear_bit(owned_, number);
  return true;
}

Result<void> MonitorFds::set_limit(const rlimit& limit) {
  const std::lock_guard held(limit_mutex_);
  rlimit applied = limit;
  if (rooms_ > 0) {
    soft_limit_ = limit.rlim_cur;
    applied.rlim_cur = limit.rlim_max;
  }
  if (setrlimit(RLIMIT_NOFILE, &applied) != 0) return fail_errno("descriptors", "", errno);
  return {};
}

rlimit MonitorFds::limit() {
  const std::lock_guard held(limit_mutex_);
  rlimit current = descriptor_limit();
  if (rooms_ > 0) current.rlim_cur = soft_limit_;
  return current;
}

void MonitorFds::open_room() {
  const std::lock_guard held(limit_mutex_);
  if (rooms_++ > 0) return;
  rlimit limit = descriptor_limit();
  soft_limit_ = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void MonitorFds::close_room() {
  const std::lock_guard held(limit_mutex_);
  if (--rooms_ == 0) restore_limit();
}

void MonitorFds::restore_limit() {
  rlimit limit = descriptor_limit();
  limit.rlim_cur = std::min(soft_limit_, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
}

void MonitorFds::lock() {
  mutex_.lock();
  limit_mutex_.lock();
}

void MonitorFds::lock_for_exec() {
  lock();
  if (rooms_ > 0) restore_limit();
}

void MonitorFds::unlock() {
  limit_mutex_.unlock();
  mutex_.unlock();
}

void MonitorFds::release_lock_of_dead_child() {
  if (limit_mutex_.held_by_this_thread()) limit_mutex_.unlock();
  if (mutex_.held_by_this_thread()) mutex_.unlock();
}

}  // namespace kontain::fd
