// Socket addresses between guest and monitor memory.
#pragma once

#include <sys/socket.h>

#include "km/sys/args.h"

namespace kontain::sys {

struct SocketAddress {
  sockaddr_storage storage{};
  int size = 0;  // bytes of `storage` in use
};

// `size` bytes at `source`: EINVAL outside 0..128, EFAULT. The path of a unix socket goes through resolve_path.
GuestResult<SocketAddress> load_address(Task& task, GuestPtr<const char> source, int size);

// The in-out length of accept(2) and its relatives: EFAULT, EINVAL when negative.
GuestResult<int> load_room(GuestPtr<int> size);

// Copies out what fits into `room` bytes; false is EFAULT.
bool store_address(GuestPtr<char> out, int room, const SocketAddress& address);

}  // namespace kontain::sys
