#include "km/sys/polling.h"

#include <limits.h>

#include <algorithm>
#include <array>
#include <vector>

#include "km/sys/forward.h"
#include "km/sys/limits.h"
#include "km/sys/new_fds.h"
#include "km/sys/signals.h"

namespace kontain::sys {
namespace {

constexpr unsigned kWordBits = 64;

// The array of poll(2), looked at once; more entries than descriptors can exist are EINVAL.
GuestResult<std::vector<pollfd>> load_pollfds(Task& task, GuestPtr<pollfd> fds, unsigned count) {
  const auto limit = payload_limit(task, RLIMIT_NOFILE);
  if (!limit || count > limit->rlim_cur) return tl::make_unexpected(Errno{EINVAL});
  std::vector<pollfd> copy(count);
  if (!mem::copy_in(copy.data(), fds.address(), count * sizeof(pollfd))) return tl::make_unexpected(Errno{EFAULT});
  for (pollfd& entry : copy) entry.fd = payload_number(task, entry.fd);  // POLLNVAL is the answer for the others
  return copy;
}

// Only the answers go back: poll(2) never writes the other fields.
bool store_answers(GuestPtr<pollfd> fds, const std::vector<pollfd>& copy) {
  for (size_t i = 0; i < copy.size(); ++i) {
    const GuestPtr<short> answer(fds.element(i).address() + offsetof(pollfd, revents));
    if (!mem::store(answer, copy[i].revents)) return false;
  }
  return true;
}

// The three bitmaps of select(2).
class FdSets {
 public:
  using Pointers = std::array<GuestPtr<uint64_t>, 3>;

  static GuestResult<FdSets> load(Task& task, int count, const Pointers& pointers) {
    if (count < 0) return tl::make_unexpected(Errno{EINVAL});
    FdSets sets(static_cast<unsigned>(count), pointers);
    for (size_t i = 0; i < pointers.size(); ++i) {
      auto& words = sets.words_[i];
      if (pointers[i].is_null()) continue;
      words.resize((sets.count_ + kWordBits - 1) / kWordBits);
      if (!mem::copy_in(words.data(), pointers[i].address(), sets.bytes(i))) return tl::make_unexpected(Errno{EFAULT});
      if (sets.names_unknown_fd(task, words)) return tl::make_unexpected(Errno{EBADF});
    }
    return sets;
  }

  uint64_t* words(size_t index) { return pointers_[index].is_null() ? nullptr : words_[index].data(); }
  unsigned count() const { return count_; }

  bool store() const {
    for (size_t i = 0; i < pointers_.size(); ++i) {
      if (!mem::copy_out(pointers_[i].address(), words_[i].data(), bytes(i))) return false;
    }
    return true;
  }

 private:
  FdSets(unsigned count, const Pointers& pointers) : count_(count), pointers_(pointers) {}

  size_t bytes(size_t index) const { return words_[index].size() * sizeof(uint64_t); }

  bool names_unknown_fd(Task& task, const std::vector<uint64_t>& words) const {
    const fd::PayloadFds& fds = task.process().descriptors();
    for (size_t i = 0; i < words.size(); ++i) {
      uint64_t named = words[i] & ~fds.word(i);
      if (i == count_ / kWordBits) named &= (uint64_t{1} << (count_ % kWordBits)) - 1;
      if (named != 0) return true;
    }
    return false;
  }

  unsigned count_;
  Pointers pointers_;
  std::array<std::vector<uint64_t>, 3> words_;
};

// A first argument beyond every possible descriptor is cut down, as the kernel cuts it to its own table.
int useful_count(Task& task, int count) {
  const auto limit = payload_limit(task, RLIMIT_NOFILE);
  if (!limit || count <= FD_SETSIZE) return count;
  return static_cast<int>(std::clamp<rlim_t>(limit->rlim_cur, FD_SETSIZE, static_cast<rlim_t>(count)));
}

// `Time` is updated by the kernel to what is left, and a payload that cannot be told does not mind (select(2)).
template <class Time, class... Rest>
SysResult select_call(Task& task, long number, int count, const FdSets::Pointers& pointers, GuestPtr<Time> timeout,
                      Rest... rest) {
  GUEST_TRY_ASSIGN(std::optional<Time> time, load_optional(timeout));
  GUEST_TRY_ASSIGN(FdSets sets, FdSets::load(task, useful_count(task, count), pointers));
  const SysResult ready =
      host(number, sets.count(), sets.words(0), sets.words(1), sets.words(2), pointer_or_null(time), rest...);
  if (time) static_cast<void>(mem::store(timeout, *time));
  if (!ready.is_error() && !sets.store()) return Errno{EFAULT};
  return ready;
}

HostBuffer event_buffer(GuestPtr<epoll_event> events, int count) {
  return host_buffer(events, count > 0 ? static_cast<uint64_t>(count) * sizeof(epoll_event) : 0);
}

}  // namespace

SysResult sys_poll(Task& task, GuestPtr<pollfd> fds, unsigned count, int timeout) {
  GUEST_TRY_ASSIGN(std::vector<pollfd> copy, load_pollfds(task, fds, count));
  const SysResult ready = host(SYS_poll, copy.data(), count, timeout);
  if (!ready.is_error() && !store_answers(fds, copy)) return Errno{EFAULT};
  return ready;
}

SysResult sys_ppoll(Task& task, GuestPtr<pollfd> fds, unsigned count, GuestPtr<timespec> timeout,
                    GuestPtr<const uint64_t> mask, uint64_t mask_size) {
  GUEST_TRY_ASSIGN(std::optional<timespec> time, load_optional(timeout));
  GUEST_TRY_ASSIGN(const auto wanted, load_mask(mask, mask_size));
  GUEST_TRY_ASSIGN(std::vector<pollfd> copy, load_pollfds(task, fds, count));
  const SleepMask sleep(task, wanted);
  const SysResult ready = host(SYS_ppoll, copy.data(), count, pointer_or_null(time), sleep.pointer(), sleep.size());
  if (time) static_cast<void>(mem::store(timeout, *time));
  if (!ready.is_error() && !store_answers(fds, copy)) return Errno{EFAULT};
  return ready;
}

SysResult sys_select(Task& task, int count, GuestPtr<uint64_t> readable, GuestPtr<uint64_t> writable,
                     GuestPtr<uint64_t> exceptional, GuestPtr<timeval> timeout) {
  return select_call(task, SYS_select, count, {readable, writable, exceptional}, timeout);
}

SysResult sys_pselect6(Task& task, int count, GuestPtr<uint64_t> readable, GuestPtr<uint64_t> writable,
                       GuestPtr<uint64_t> exceptional, GuestPtr<timespec> timeout,
                       GuestPtr<const SigmaskArgument> mask) {
  GUEST_TRY_ASSIGN(const std::optional<SigmaskArgument> pair, load_optional(mask));
  const SigmaskArgument given = pair.value_or(SigmaskArgument{});
  GUEST_TRY_ASSIGN(const auto wanted, load_mask(GuestPtr<const uint64_t>(given.mask), given.size));
  const SleepMask sleep(task, wanted);
  const SigmaskArgument host_pair{reinterpret_cast<uint64_t>(sleep.pointer()), sleep.size()};
  return select_call(task, SYS_pselect6, count, {readable, writable, exceptional}, timeout, &host_pair);
}

SysResult sys_epoll_create(Task& task, int size) {
  if (size <= 0) return Errno{EINVAL};
  return sys_epoll_create1(task, 0);
}

SysResult sys_epoll_create1(Task& task, int flags) { return hand_out_fd(task, host(SYS_epoll_create1, flags)); }

SysResult sys_epoll_ctl(Task&, PayloadFd epoll, int operation, PayloadFd fd, GuestPtr<const epoll_event> event) {
  if (operation == EPOLL_CTL_DEL) return host(SYS_epoll_ctl, epoll, operation, fd, nullptr);
  GUEST_TRY_ASSIGN(epoll_event copy, mem::load(event));
  return host(SYS_epoll_ctl, epoll, operation, fd, &copy);
}

SysResult sys_epoll_wait(Task&, PayloadFd epoll, GuestPtr<epoll_event> events, int count, int timeout) {
  return host(SYS_epoll_wait, epoll, event_buffer(events, count), count, timeout);
}

SysResult sys_epoll_pwait(Task& task, PayloadFd epoll, GuestPtr<epoll_event> events, int count, int timeout,
                          GuestPtr<const uint64_t> mask, uint64_t mask_size) {
  GUEST_TRY_ASSIGN(const auto wanted, load_mask(mask, mask_size));
  const SleepMask sleep(task, wanted);
  return host(SYS_epoll_pwait, epoll, event_buffer(events, count), count, timeout, sleep.pointer(), sleep.size());
}

SysResult sys_epoll_pwait2(Task& task, PayloadFd epoll, GuestPtr<epoll_event> events, int count,
                           GuestPtr<const timespec> timeout, GuestPtr<const uint64_t> mask, uint64_t mask_size) {
  GUEST_TRY_ASSIGN(std::optional<timespec> time, load_optional(timeout));
  GUEST_TRY_ASSIGN(const auto wanted, load_mask(mask, mask_size));
  const SleepMask sleep(task, wanted);
  return host(SYS_epoll_pwait2, epoll, event_buffer(events, count), count, pointer_or_null(time), sleep.pointer(),
              sleep.size());
}

}  // namespace kontain::sys
