#include "km/sys/file_handles.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "km/sys/forward.h"
#include "km/sys/paths.h"

namespace kontain::sys {
namespace {

constexpr uint32_t kLargestHandle = 128;  // MAX_HANDLE_SZ
constexpr int kUniqueMountId = 1;         // AT_HANDLE_MNT_ID_UNIQUE: the mount's id has 64 bits

struct Handle {
  uint32_t size = 0;  // of `bytes`
  int32_t type = 0;
  std::array<char, kLargestHandle> bytes{};
};
constexpr size_t kHeaderSize = offsetof(Handle, bytes);

bool store_mount(GuestPtr<int> out, uint64_t id, int flags) {
  if (flags & kUniqueMountId) return mem::store(out.as<uint64_t>(), id);
  return mem::store(out, static_cast<int>(id));
}

}  // namespace

SysResult sys_name_to_handle_at(Task& task, DirFd directory, GuestPtr<const char> path, GuestPtr<char> handle,
                                GuestPtr<int> mount, int flags) {
  Handle made;
  if (!mem::copy_in(&made, handle.address(), kHeaderSize)) return Errno{EFAULT};
  if (made.size > kLargestHandle) return Errno{EINVAL};
  const uint32_t room = made.size;
  const Links links = (flags & AT_SYMLINK_FOLLOW) ? Links::Follow : Links::NoFollow;
  GUEST_TRY_ASSIGN(const std::string resolved, load_path(task, directory, path, links));
  uint64_t mount_id = 0;
  const SysResult result = host(SYS_name_to_handle_at, directory, resolved.c_str(), &made, &mount_id, flags);
  // With too little room the needed size is the answer, and no bytes.
  if (result.is_error() && result.error() != EOVERFLOW) return result;
  const size_t used = kHeaderSize + (result.is_error() ? 0 : std::min(made.size, room));
  if (!store_mount(mount, mount_id, flags) || !mem::copy_out(handle.address(), &made, used)) return Errno{EFAULT};
  return result;
}

}  // namespace kontain::sys
