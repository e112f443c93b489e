#include "km/sys/attempt.h"

#include <linux/futex.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "km/sys/forward.h"

namespace kontain::sys {
namespace {

Attempted as_it_is(uint32_t number, const RawArgs& args) { return {.result = {}, .call = Attempt{number, args}}; }

// poll(2) and epoll_wait(2), which say how long they wait, in milliseconds, in argument `position`: 0 ready is the end
// of the wait or its beginning.
Attempted look_once(uint32_t number, RawArgs args, size_t position) {
  if (static_cast<int>(args[position]) == 0) return as_it_is(number, args);
  args[position] = 0;
  return {.result = {}, .call = Attempt{number, args, 0}};
}

// With a signal mask it is the thread's own.
Attempted epoll_pwait_attempt(const RawArgs& args) {
  if (args[4] != 0) return {};
  return look_once(SYS_epoll_wait, args, 3);
}

// A threshold of more than one byte (SO_RCVLOWAT, socket(7)) counts for calls that wait only.
bool has_threshold(int socket) {
  int threshold = 0;
  socklen_t size = sizeof threshold;
  return !host(SYS_getsockopt, socket, SOL_SOCKET, SO_RCVLOWAT, &threshold, &size).is_error() && threshold > 1;
}

// recvfrom(2) has its flags in argument 3, recvmsg(2) in 2.
Attempted receive(Task& task, uint32_t number, RawArgs args, size_t flags) {
  const auto socket = static_cast<int>(args[0]);
  const fd::PayloadFds& descriptors = task.process().descriptors();
  if (!descriptors.contains(socket)) return {};
  if ((args[flags] & MSG_DONTWAIT) || descriptors.kind(socket) == fd::Kind::Quick) return as_it_is(number, args);
  if ((args[flags] & MSG_WAITALL) || has_threshold(socket)) return {};
  args[flags] |= MSG_DONTWAIT;
  return {.result = {}, .call = Attempt{number, args, -EAGAIN}};
}

// A word that has changed since the thread looked at it: the commonest reason for not waiting.
Attempted futex_wait_attempt(const RawArgs& args) {
  const uint64_t address = args[0];
  const bool is_bitset = (args[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
  const bool may_be_invalid = address % sizeof(uint32_t) != 0 || args[3] != 0 || (is_bitset && uint32_t(args[5]) == 0);
  if (may_be_invalid) return {};
  const auto word = mem::load(GuestPtr<const uint32_t>(address));
  if (!word || *word == static_cast<uint32_t>(args[2])) return {};
  return {.result = -EAGAIN, .call = {}};
}

Attempted futex_attempt(const RawArgs& args) {
  switch (static_cast<int>(args[1]) & FUTEX_CMD_MASK) {
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
    case FUTEX_WAKE_OP:
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE: return as_it_is(SYS_futex, args);
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET: return futex_wait_attempt(args);
    default: return {};  // those with an owner
  }
}

}  // namespace

Attempted attempt(Task& task, uint32_t number, const RawArgs& args) {
  switch (number) {
    case SYS_poll: return look_once(number, args, 2);
    case SYS_epoll_wait: return look_once(number, args, 3);
    case SYS_epoll_pwait: return epoll_pwait_attempt(args);
    case SYS_recvfrom: return receive(task, number, args, 3);
    case SYS_recvmsg: return receive(task, number, args, 2);
    case SYS_futex: return futex_attempt(args);
    default: return {};
  }
}

}  // namespace kontain::sys
