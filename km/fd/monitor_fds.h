// The monitor's own descriptors. No payload call can name them (payload_fds.h says what it can), and their numbers are
// kept out of the way of the payload's.
//
// Which numbers are the monitor's is decided once, before the payload runs, and from then on a number only ever goes
// from the monitor to the payload. So a call that was judged a moment ago, and is about to reach the host, cannot hit
// a descriptor of the monitor that came into being in between.
#pragma once

#include <sys/resource.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>

#include "base/error.h"
#include "base/lock.h"
#include "base/unique_fd.h"

namespace kontain::fd {

// Two regions are reserved, each as far as the hard descriptor limit reaches and without numbers that were inherited:
//
//   near  at 1024, beyond what a payload with the usual soft limit can have, and low, because the kernel's table (and
//         every fork) grows with the highest number in use. Below the limit when that is small.
//   far   at 32768, for the vCPUs of payloads with hundreds of threads; at most an eighth of the limit.
//
// A payload that raises its limit gets the numbers around the regions (km/sys/new_fds.h). It may still have a reserved
// number by name, see vacate().
//
// Safe to use from all threads. The child of a fork must not find the locks held: lock() around the host's fork.
class MonitorFds {
 public:
  static constexpr int kNumbers = 1 << 16;  // no number of the monitor is this high
  static constexpr int kUsualNearStart = 1024;
  static constexpr int kNearSize = 256;
  static constexpr int kUsualFarStart = 32768;
  static constexpr int kFarSize = 4096;
  // What the monitor needs at the least; a limit too low for it is an error.
  static constexpr int kLeast = 16;

  // Reserved numbers count, open or not.
  bool is_monitor_fd(int number) const {
    const auto index = static_cast<unsigned>(number);
    return index < kNumbers && (owned_[index / kWordBits].load(std::memory_order_relaxed) >> (index % kWordBits) & 1);
  }

  // Moves `fd` to the lowest number that is free, with close-on-exec set. The first call reserves the numbers. Works
  // when the payload has used up its descriptors; fails when the monitor's numbers are.
  Result<UniqueFd> adopt(UniqueFd fd);

  // The numbers, -1 for none, of descriptors that were the monitor's before an exec. Before anything else: they count
  // as the monitor's when numbers are reserved, so that a payload whose table is full can execute a program.
  static constexpr size_t kMostInherited = 8;
  void expect_inherited(std::span<const int> numbers);

  // adopt() for one of them, or for a first descriptor of the monitor's: one that is in a region already stays there.
  // Before the payload runs only.
  Result<UniqueFd> adopt_inherited(UniqueFd fd);

  // Whether a monitor that this one executes now will find enough numbers.
  static bool has_room_after_exec();

  // Closes a descriptor that was adopted. Its number stays the monitor's.
  void release(UniqueFd fd);

  // Closes a descriptor that was made for the payload and is refused it. Like adopt() it cannot happen during a fork:
  // the number of what the payload must not have does not become the payload's while its table is copied.
  void discard(int number);

  // The number of a descriptor that was adopted is free again, although it stays open: in a vfork child, whose
  // descriptors nobody will miss, just before it executes a program.
  void forget(int number);

  // In the child of a fork, before anything else: closes everything of the monitor's but `kept`. Owners still hold
  // the numbers and must let go of them without closing (UniqueFd::release). The forking thread has no room open.
  void forget_all_in_fork_child(std::span<const int> kept);

  // Gives `number` to the payload, for good, because a call names it as the target of a duplicate. False: the payload
  // cannot have it (EBADF, as above its descriptor limit). The rule:
  //   * reserved and unused: given;
  //   * used: the descriptor is moved to another number, if the function set by on_renumber() agrees. It must refuse
  //     while anyone may be using, or may have read, the old number: as soon as the process has a second thread (its
  //     KVM_RUN), and in a vfork child (the parent's table is another one, but its memory is this one);
  //   * never when the monitor would keep fewer than kLeast unused numbers.
  bool vacate(int number);

  // Tells the owner of `from` that its descriptor is `to` from now on; false when it cannot change. Called with the
  // lock held. Without such a function no used number is given away.
  using Renumber = std::function<bool(int from, int to)>;
  void on_renumber(Renumber renumber) { renumber_ = std::move(renumber); }

  // A new descriptor of the payload has landed on a reserved number and there is no higher one left: the payload
  // keeps it, if the monitor can spare it.
  bool cede(int number);

  // The lowest number >= `number` that is the monitor's, or that is not.
  int first_owned_at_or_after(int number) const;  // kNumbers when there is none
  int first_free_at_or_after(int number) const;

  // Calls `visit(first, last)` for each run of the monitor's numbers, lowest first.
  template <class Visit>
  void for_each_run(Visit visit) const {
    for (int first = first_owned_at_or_after(0); first < kNumbers;) {
      const int end = first_free_at_or_after(first);
      visit(first, end - 1);
      first = first_owned_at_or_after(end);
    }
  }

  // The soft descriptor limit of this process: the payload's own, enforced by the host. Unlike setrlimit(2) this
  // leaves an open DescriptorRoom as it is.
  Result<void> set_limit(const rlimit& limit);
  // The descriptor limits of this process as they are without an open room.
  rlimit limit();

  // All locks, for fork and vfork.
  void lock();
  // The same for exec, and the soft limit is the payload's again: the new program inherits it. When the exec fails
  // unlock(); a room of another thread that was open gives no room any more.
  void lock_for_exec();
  void unlock();
  // After a vfork: the child, whose first act is unlock(), was killed before it or while it adopted a descriptor.
  void release_lock_of_dead_child();

 private:
  friend class DescriptorRoom;
  static constexpr int kWordBits = 64;
  using Bits = std::array<std::atomic<uint64_t>, kNumbers / kWordBits>;

  bool place();
  int reserve_inherited();
  int reserve(int start, int end);
  Result<UniqueFd> move_in(int number);
  int lowest_unused(int from) const;
  bool is_used(int number) const;
  bool can_spare_one() const;
  void open_room();
  void close_room();
  void restore_limit();

  Bits owned_{};
  Bits used_{};
  bool is_placed_ = false;
  std::array<int, kMostInherited> inherited_ = {-1, -1, -1, -1, -1, -1, -1, -1};
  Renumber renumber_;
  Lock mutex_;  // used_, and every change of owned_

  Lock limit_mutex_;
  int rooms_ = 0;
  rlim_t soft_limit_ = 0;  // to return to when the last room closes
};

// While one exists the monitor can make descriptors although the payload has none left: the soft limit is raised to the
// hard one. What other threads of the payload make meanwhile is judged by hand_out_fd (km/sys/new_fds.h).
class DescriptorRoom {
 public:
  explicit DescriptorRoom(MonitorFds& fds) : fds_(fds) { fds_.open_room(); }
  ~DescriptorRoom() { fds_.close_room(); }
  DescriptorRoom(const DescriptorRoom&) = delete;
  DescriptorRoom& operator=(const DescriptorRoom&) = delete;

 private:
  MonitorFds& fds_;
};

}  // namespace kontain::fd
