#include "km/sys/socket_options.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "km/sys/forward.h"
#include "km/sys/socket_address.h"
#include "km/sys/sockets.h"

namespace kontain::sys {
namespace {

// Options first..last of a level. Numbers are those of the kernel's headers: libc's lack the newer ones, and
// asm-generic/socket.h, linux/in.h, linux/in6.h, linux/tcp.h, linux/udp.h, linux/netlink.h name them.
struct OptionRange {
  int level;
  int first;
  int last;
};

constexpr int kIpv4 = 0;
constexpr int kSocket = 1;
constexpr int kTcp = 6;
constexpr int kUdp = 17;
constexpr int kIpv6 = 41;
constexpr int kIcmpv6 = 58;
constexpr int kUdpLite = 136;
constexpr int kRaw = 255;
constexpr int kPacket = 263;
constexpr int kNetlink = 270;

constexpr OptionRange kPlainOptions[] = {
    // Without the filters 26, 50, 51, 52 (pointers, descriptors) and pidfds 76, 77.
    {kSocket, 1, 25},
    {kSocket, 27, 49},
    {kSocket, 53, 75},
    // Without IPsec policies 16, 17 and netfilter's tables from 64 on; the source filters 41 and 48 are read by
    // getters.
    {kIpv4, 1, 15},
    {kIpv4, 18, 40},
    {kIpv4, 42, 47},
    {kIpv4, 49, 52},
    // Without TCP_REPAIR 19-22, TCP_ULP 31, TCP_ZEROCOPY_RECEIVE 35 (an address) and TCP_AO from 38 on.
    {kTcp, 1, 18},
    {kTcp, 23, 30},
    {kTcp, 32, 34},
    {kTcp, 36, 37},
    {kUdp, 1, 1},
    {kUdp, 101, 104},
    {kUdpLite, 1, 1},
    {kUdpLite, 10, 11},
    {kUdpLite, 101, 104},
    // Without IPsec policies 34, 35, netfilter's tables 64, 65, 68, 69, and 32 and 48, which are read by getters.
    {kIpv6, 1, 31},
    {kIpv6, 33, 33},
    {kIpv6, 36, 47},
    {kIpv6, 49, 63},
    {kIpv6, 66, 67},
    {kIpv6, 70, 80},
    {kIcmpv6, 1, 1},
    {kRaw, 1, 1},
    // Memberships, statistics and auxiliary data; rings are memory shared with the kernel.
    {kPacket, 1, 2},
    {kPacket, 6, 6},
    {kPacket, 8, 8},
    {kNetlink, 1, 5},
    {kNetlink, 8, 12},
};

constexpr size_t kMaximumValue = 4096;

}  // namespace

bool is_plain_socket_option(int level, int option) {
  return std::ranges::any_of(kPlainOptions, [=](const OptionRange& range) {
    return range.level == level && option >= range.first && option <= range.last;
  });
}

SysResult sys_setsockopt(Task&, PayloadFd fd, int level, int option, GuestPtr<const char> value, int size) {
  if (size < 0) return Errno{EINVAL};
  if (!is_plain_socket_option(level, option)) return Errno{ENOPROTOOPT};
  // Longer values are no option's: the kernel looks at the first bytes only.
  std::array<char, kMaximumValue> copy;
  const size_t used = std::min(static_cast<size_t>(size), copy.size());
  if (!mem::copy_in(copy.data(), value.address(), used)) return Errno{EFAULT};
  return host(SYS_setsockopt, fd, level, option, copy.data(), static_cast<int>(used));
}

SysResult sys_getsockopt(Task&, PayloadFd fd, int level, int option, GuestPtr<char> value, GuestPtr<int> size) {
  GUEST_TRY_ASSIGN(const int room, load_room(size));
  if (!is_plain_socket_option(level, option)) return Errno{ENOPROTOOPT};
  std::array<char, kMaximumValue> copy{};
  const int offered = std::min(room, static_cast<int>(copy.size()));
  int length = offered;
  const SysResult result = host(SYS_getsockopt, fd, level, option, copy.data(), &length);
  // ERANGE comes with the length that would do.
  if (result.error() == ERANGE) return mem::store(size, length) ? result : Errno{EFAULT};
  if (result.is_error()) return result;
  const int filled = std::clamp(length, 0, offered);
  if (!mem::copy_out(value.address(), copy.data(), static_cast<size_t>(filled)) || !mem::store(size, length)) {
    return Errno{EFAULT};
  }
  return result;
}

}  // namespace kontain::sys
