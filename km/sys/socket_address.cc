#include "km/sys/socket_address.h"

#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "km/sys/paths.h"

namespace kontain::sys {
namespace {

// A file system name in `address` must be one the payload may use; the name itself is passed on unchanged.
Errno check_unix_path(Task& task, const SocketAddress& address) {
  constexpr size_t kPathOffset = offsetof(sockaddr_un, sun_path);
  const auto size = static_cast<size_t>(address.size);
  if (address.storage.ss_family != AF_UNIX || size <= kPathOffset) return Errno{0};
  const char* path = reinterpret_cast<const char*>(&address.storage) + kPathOffset;
  if (*path == '\0') return Errno{0};  // abstract
  const auto resolved =
      resolve_path(task, kCurrentDirectory, std::string(path, strnlen(path, size - kPathOffset)), Links::NoFollow);
  return resolved ? Errno{0} : resolved.error();
}

}  // namespace

GuestResult<SocketAddress> load_address(Task& task, GuestPtr<const char> source, int size) {
  SocketAddress address;
  if (size < 0 || static_cast<size_t>(size) > sizeof address.storage) return tl::make_unexpected(Errno{EINVAL});
  address.size = size;
  if (!mem::copy_in(&address.storage, source.address(), static_cast<size_t>(size))) {
    return tl::make_unexpected(Errno{EFAULT});
  }
  const Errno refused = check_unix_path(task, address);
  if (refused.value != 0) return tl::make_unexpected(refused);
  return address;
}

GuestResult<int> load_room(GuestPtr<int> size) {
  const auto room = mem::load(size);
  if (room && *room < 0) return tl::make_unexpected(Errno{EINVAL});
  return room;
}

bool store_address(GuestPtr<char> out, int room, const SocketAddress& address) {
  const int length = std::min({room, address.size, static_cast<int>(sizeof address.storage)});
  return mem::copy_out(out.address(), &address.storage, static_cast<size_t>(std::max(length, 0)));
}

}  // namespace kontain::sys
