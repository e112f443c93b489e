#include "km/sys/ioctl.h"

#include <asm/ioctls.h>
#include <linux/fs.h>
#include <linux/random.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "km/sys/forward.h"
#include "km/sys/new_fds.h"

namespace kontain::sys {
namespace {

// What a descriptor must be: the same number means other things, with other data, to other drivers.
enum class Object {
  Any,
  Device,  // a character device: terminals
  Socket,
  File,  // a regular file or a directory
  Block,
};

enum class Argument {
  Value,       // an integer, or none
  In,          // `size` bytes that are read
  Out,         // `size` bytes that are written
  InOut,       // both
  Fd,          // a descriptor number
  FdFirst,     // `size` bytes read, of which the first eight are a descriptor number
  NewFd,       // an integer; the result is a new descriptor
  Interfaces,  // struct ifconf, which points to a buffer
};

struct IoctlRow {
  unsigned request;
  Object object;
  Argument argument;
  uint16_t size;  // bytes behind the argument
};

constexpr uint16_t kTermiosSize = 36;          // the kernel's struct termios, asm-generic/termbits.h
constexpr uint16_t kTermios2Size = 44;         // struct termios2
constexpr uint16_t kTermioSize = 18;           // struct termio
constexpr unsigned kGetTermios2 = 0x802c542a;  // TCGETS2 and its setters, whose types libc does not have
constexpr unsigned kSetTermios2 = 0x402c542b;
constexpr size_t kMaximumSize = 64;
// Between the look at a descriptor and the request another thread may have exchanged it: as much as any driver takes
// for one to transfer (_IOC_SIZEMASK) finds room.
constexpr size_t kLargestTransfer = 16 << 10;

using enum Argument;

// ioctl_tty(2), netdevice(7), ioctl_fs(2), random(4).
constexpr IoctlRow kIoctlRows[] = {
    {FIOCLEX, Object::Any, Value, 0},
    {FIONCLEX, Object::Any, Value, 0},
    {FIONBIO, Object::Any, In, 4},
    {FIOASYNC, Object::Any, In, 4},
    {FIONREAD, Object::Any, Out, 4},
    {FIOQSIZE, Object::Any, Out, 8},
    {TIOCOUTQ, Object::Any, Out, 4},

    {TCGETS, Object::Device, Out, kTermiosSize},
    {TCSETS, Object::Device, In, kTermiosSize},
    {TCSETSW, Object::Device, In, kTermiosSize},
    {TCSETSF, Object::Device, In, kTermiosSize},
    {TCGETA, Object::Device, Out, kTermioSize},
    {TCSETA, Object::Device, In, kTermioSize},
    {TCSETAW, Object::Device, In, kTermioSize},
    {TCSETAF, Object::Device, In, kTermioSize},
    {kGetTermios2, Object::Device, Out, kTermios2Size},
    {kSetTermios2, Object::Device, In, kTermios2Size},
    {kSetTermios2 + 1, Object::Device, In, kTermios2Size},
    {kSetTermios2 + 2, Object::Device, In, kTermios2Size},
    {TCSBRK, Object::Device, Value, 0},
    {TCSBRKP, Object::Device, Value, 0},
    {TCXONC, Object::Device, Value, 0},
    {TCFLSH, Object::Device, Value, 0},
    {TIOCSBRK, Object::Device, Value, 0},
    {TIOCCBRK, Object::Device, Value, 0},
    {TIOCEXCL, Object::Device, Value, 0},
    {TIOCNXCL, Object::Device, Value, 0},
    {TIOCGEXCL, Object::Device, Out, 4},
    {TIOCSCTTY, Object::Device, Value, 0},
    {TIOCNOTTY, Object::Device, Value, 0},
    {TIOCGPGRP, Object::Device, Out, 4},
    {TIOCSPGRP, Object::Device, In, 4},
    {TIOCGSID, Object::Device, Out, 4},
    {TIOCGWINSZ, Object::Device, Out, 8},
    {TIOCSWINSZ, Object::Device, In, 8},
    {TIOCMGET, Object::Device, Out, 4},
    {TIOCMBIS, Object::Device, In, 4},
    {TIOCMBIC, Object::Device, In, 4},
    {TIOCMSET, Object::Device, In, 4},
    {TIOCGSOFTCAR, Object::Device, Out, 4},
    {TIOCSSOFTCAR, Object::Device, In, 4},
    {TIOCGETD, Object::Device, Out, 4},
    {TIOCPKT, Object::Device, In, 4},
    {TIOCGPKT, Object::Device, Out, 4},
    {TIOCGPTN, Object::Device, Out, 4},
    {TIOCSPTLCK, Object::Device, In, 4},
    {TIOCGPTLCK, Object::Device, Out, 4},
    {TIOCGPTPEER, Object::Device, NewFd, 0},
    {RNDGETENTCNT, Object::Device, Out, 4},

    {SIOCATMARK, Object::Socket, Out, 4},
    {SIOCGPGRP, Object::Socket, Out, 4},
    {SIOCSPGRP, Object::Socket, In, 4},
    {SIOCGIFCONF, Object::Socket, Interfaces, sizeof(ifconf)},
    {SIOCGIFNAME, Object::Socket, InOut, sizeof(ifreq)},
    {SIOCGIFINDEX, Object::Socket, InOut, sizeof(ifreq)},
    {SIOCGIFFLAGS, Object::Socket, InOut, sizeof(ifreq)},
    {SIOCGIFADDR, Object::Socket, InOut, sizeof(ifreq)},
    {SIOCGIFDSTADDR, Object::Socket, InOut, sizeof(ifreq)},
    {SIOCGIFBRDADDR, Object::Socket, InOut, sizeof(ifreq)},
    {SIOCGIFNETMASK, Object::Socket, InOut, sizeof(ifreq)},
    {SIOCGIFMETRIC, Object::Socket, InOut, sizeof(ifreq)},
    {SIOCGIFMTU, Object::Socket, InOut, sizeof(ifreq)},
    {SIOCGIFHWADDR, Object::Socket, InOut, sizeof(ifreq)},
    {SIOCGIFTXQLEN, Object::Socket, InOut, sizeof(ifreq)},
    {SIOCSIFFLAGS, Object::Socket, In, sizeof(ifreq)},
    {SIOCSIFADDR, Object::Socket, In, sizeof(ifreq)},
    {SIOCSIFBRDADDR, Object::Socket, In, sizeof(ifreq)},
    {SIOCSIFNETMASK, Object::Socket, In, sizeof(ifreq)},
    {SIOCSIFMTU, Object::Socket, In, sizeof(ifreq)},
    {SIOCSIFTXQLEN, Object::Socket, In, sizeof(ifreq)},

    // The two flag requests encode a long but transfer an int (ioctl_iflags(2)).
    {FS_IOC_GETFLAGS, Object::File, Out, 4},
    {FS_IOC_SETFLAGS, Object::File, In, 4},
    {FS_IOC_GETVERSION, Object::File, Out, 4},
    {FIGETBSZ, Object::File, Out, 4},
    {FICLONE, Object::File, Argument::Fd, 0},
    {FICLONERANGE, Object::File, FdFirst, sizeof(file_clone_range)},

    {BLKROGET, Object::Block, Out, 4},
    {BLKSSZGET, Object::Block, Out, 4},
    {BLKPBSZGET, Object::Block, Out, 4},
    {BLKGETSIZE, Object::Block, Out, 8},
    {BLKGETSIZE64, Object::Block, Out, 8},
};

constexpr bool sizes_fit() {
  return std::ranges::all_of(kIoctlRows, [](const IoctlRow& row) { return row.size <= kMaximumSize; });
}
static_assert(sizes_fit());

bool is_kind(Object object, unsigned mode) {
  switch (object) {
    case Object::Any: return true;
    case Object::Device: return S_ISCHR(mode);
    case Object::Socket: return S_ISSOCK(mode);
    case Object::File: return S_ISREG(mode) || S_ISDIR(mode);
    case Object::Block: return S_ISBLK(mode);
  }
  return false;
}

const IoctlRow* find_row(unsigned request) {
  const auto* row = std::ranges::find(kIoctlRows, request, &IoctlRow::request);
  return row == std::end(kIoctlRows) ? nullptr : row;
}

// The data of one request between the payload and the host.
SysResult transfer(Task& task, PayloadFd fd, const IoctlRow& row, uint64_t address) {
  std::array<char, kLargestTransfer> data;
  std::fill_n(data.begin(), kMaximumSize, '\0');
  if (row.argument != Out && !mem::copy_in(data.data(), address, row.size)) return Errno{EFAULT};
  if (row.argument == FdFirst) {
    int64_t source;
    __builtin_memcpy(&source, data.data(), sizeof source);
    source = payload_number(task, static_cast<int>(source));
    __builtin_memcpy(data.data(), &source, sizeof source);
  }
  const SysResult result = host(SYS_ioctl, fd, row.request, data.data());
  if (row.request == FIONBIO) task.process().descriptors().forget_kind(fd.number());
  if (result.is_error() || row.argument == In || row.argument == FdFirst) return result;
  return mem::copy_out(address, data.data(), row.size) ? result : Errno{EFAULT};
}

// SIOCGIFCONF: the buffer it points to goes to the host in place; without one the needed size is the answer, and the
// length means nothing (OpenJDK leaves it unset).
SysResult list_interfaces(PayloadFd fd, GuestPtr<ifconf> address) {
  GUEST_TRY_ASSIGN(ifconf copy, mem::load(address));
  copy.ifc_len = copy.ifc_buf == nullptr ? 0 : std::max(copy.ifc_len, 0);
  const GuestPtr<char> buffer(reinterpret_cast<uint64_t>(copy.ifc_buf));
  const HostBuffer checked = optional_buffer(buffer, static_cast<uint64_t>(copy.ifc_len));
  ifconf request = copy;
  request.ifc_buf = reinterpret_cast<char*>(checked.address());
  const SysResult result = host(SYS_ioctl, fd, SIOCGIFCONF, &request);
  copy.ifc_len = request.ifc_len;
  return finish(result, address, copy);
}

}  // namespace

SysResult sys_ioctl(Task& task, PayloadFd fd, unsigned request, uint64_t argument) {
  struct stat info;
  // EBADF for a descriptor that is not open; one that is only a path (O_PATH) fails in the request itself.
  const SysResult status = host(SYS_fstat, fd, &info);
  if (status.is_error()) return status;
  const IoctlRow* row = find_row(request);
  if (row == nullptr || !is_kind(row->object, info.st_mode)) return Errno{ENOTTY};
  switch (row->argument) {
    case Value: return host(SYS_ioctl, fd, request, static_cast<uint32_t>(argument));
    case NewFd: return hand_out_fd(task, host(SYS_ioctl, fd, request, static_cast<uint32_t>(argument)));
    case Argument::Fd: return host(SYS_ioctl, fd, request, payload_number(task, static_cast<int>(argument)));
    case Interfaces: return list_interfaces(fd, GuestPtr<ifconf>(argument));
    default: return transfer(task, fd, *row, argument);
  }
}

}  // namespace kontain::sys
