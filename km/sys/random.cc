#include "km/sys/random.h"

#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <string>

#ifndef GRND_INSECURE
#define GRND_INSECURE 4
#endif

namespace kontain::sys {
namespace {

constexpr uint64_t kMostAtOnce = INT_MAX & ~4095;  // MAX_RW_COUNT

// How many bytes of the range got theirs: fewer than `size` where it is not the payload's any more.
uint64_t fill(repeat::RandomStream& stream, uint64_t address, uint64_t size) {
  std::array<std::byte, 4096> bytes;
  uint64_t done = 0;
  while (done < size) {
    const auto part = std::span(bytes).first(std::min<uint64_t>(size - done, bytes.size()));
    stream.read(part);
    if (!mem::copy_out(address + done, part.data(), part.size())) break;
    done += part.size();
  }
  return done;
}

}  // namespace

SysResult sys_getrandom(Task& task, GuestPtr<char> buffer, uint64_t size, unsigned flags) {
  repeat::RandomStream* const stream = task.process().random.get();
  if (stream == nullptr) return host(SYS_getrandom, host_buffer(buffer, size), size, flags);
  constexpr unsigned kBoth = GRND_INSECURE | GRND_RANDOM;
  if ((flags & ~(GRND_NONBLOCK | kBoth)) != 0 || (flags & kBoth) == kBoth) return Errno{EINVAL};
  const uint64_t wanted = std::min(size, kMostAtOnce);
  const uint64_t done = fill(*stream, buffer.address(), wanted);
  return done == 0 && wanted != 0 ? SysResult(Errno{EFAULT}) : SysResult::value(static_cast<int64_t>(done));
}

bool is_seeded_device(Task& task, PayloadFd fd) {
  constexpr unsigned kMemoryDevices = 1, kRandom = 8, kUrandom = 9;  // Documentation/admin-guide/devices.txt
  if (!task.process().random) return false;
  struct stat info;
  if (host(SYS_fstat, fd, &info).is_error() || !S_ISCHR(info.st_mode)) return false;
  return major(info.st_rdev) == kMemoryDevices && (minor(info.st_rdev) == kRandom || minor(info.st_rdev) == kUrandom);
}

SysResult read_seeded(Task& task, PayloadFd fd, std::span<const iovec> buffers) {
  // Open for writing only, or with O_PATH.
  if (const SysResult nothing = host(SYS_read, fd, nullptr, 0); nothing.is_error()) return nothing;
  uint64_t total = 0;
  for (const iovec& buffer : buffers) {
    const uint64_t wanted = std::min<uint64_t>(buffer.iov_len, kMostAtOnce - total);
    const uint64_t done = fill(*task.process().random, reinterpret_cast<uint64_t>(buffer.iov_base), wanted);
    total += done;
    if (done == wanted) continue;
    return total == 0 ? SysResult(Errno{EFAULT}) : SysResult::value(static_cast<int64_t>(total));
  }
  return SysResult::value(static_cast<int64_t>(total));
}

std::string seeded_uuid(Task& task) {
  std::array<std::byte, 16> bytes;
  task.process().random->read(bytes);
  bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};  // version 4
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};  // the variant of RFC 9562
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[std::to_integer<unsigned>(bytes[i]) >> 4];
    text += kDigits[std::to_integer<unsigned>(bytes[i]) & 15];
  }
  return text + "\n";
}

}  // namespace kontain::sys
