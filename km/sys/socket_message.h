// One message of sendmsg(2) or recvmsg(2): the payload's header, and the copy of it that the host kernel is given.
#pragma once

#include <sys/socket.h>

#include <vector>

#include "km/sys/new_fds.h"
#include "km/sys/socket_address.h"

namespace kontain::sys {

class SocketMessage {
 public:
  SocketMessage() = default;
  SocketMessage(SocketMessage&&) = default;
  SocketMessage& operator=(SocketMessage&&) = default;

  // For sending: copies header, address, vector and control messages in. EBADF when a descriptor of the monitor would
  // be sent, ENOBUFS for control messages beyond what the kernel takes.
  static GuestResult<SocketMessage> load_outgoing(Task& task, GuestPtr<const msghdr> source);
  // For receiving: copies header and vector in, makes room for address and control messages.
  static GuestResult<SocketMessage> load_incoming(GuestPtr<msghdr> source);

  // What the host's call is given; valid while this object is neither moved nor destroyed.
  msghdr header();

  // After receiving: `received` is the header as the kernel left it. Passed descriptors are classified and renumbered,
  // then address, control messages, lengths and flags are copied out.
  Errno finish_incoming(Task& task, const msghdr& received);

 private:
  // Descriptors in the first `size` bytes of `control_` become the payload's, or -1.
  void admit_descriptors(Task& task, size_t size);

  GuestPtr<msghdr> guest_;
  msghdr guest_header_{};
  SocketAddress address_;
  std::vector<iovec> vector_;
  std::vector<char> control_;
  std::vector<PinnedFd> pinned_;  // what `control_` sends
};

}  // namespace kontain::sys
