#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "km/trace/flag_tables.h"
#include "km/trace/printers.h"

namespace kontain::trace::scalars {
namespace {

using abi::ArgKind;

uint32_t low(const Call& call, size_t index) { return static_cast<uint32_t>(call.args[index]); }

template <std::string (*format)(uint64_t)>
void whole(std::string& out, const Call& call, size_t index) {
  out += format(call.args[index]);
}

// For arguments that the kernel declares as 32 bits wide.
template <std::string (*format)(uint64_t)>
void half(std::string& out, const Call& call, size_t index) {
  out += format(low(call, index));
}

template <const Vocabulary& V>
void flag_set(std::string& out, const Call& call, size_t index) {
  out += flags(low(call, index), V);
}

template <const Vocabulary& V>
void choice(std::string& out, const Call& call, size_t index) {
  out += one_of(low(call, index), V);
}

std::string signed_int(uint64_t value) { return decimal(static_cast<int32_t>(value)); }
std::string signed_long(uint64_t value) { return decimal(static_cast<int64_t>(value)); }

std::string dir_fd(uint64_t value) {
  const auto fd = static_cast<int32_t>(value);
  return fd == AT_FDCWD ? "AT_FDCWD" : decimal(fd);
}

std::string owner(uint64_t value) { return value == 0xffffffff ? "-1" : unsigned_decimal(value); }

void nothing(std::string&, const Call&, size_t) {}

void open_mode(std::string& out, const Call& call, size_t index) {
  const uint32_t how = low(call, index - 1);
  if ((how & O_CREAT) != 0 || (how & O_TMPFILE) == O_TMPFILE) out += mode_bits(low(call, index));
}

// mknod(2) has the kind of node in front; ustat(2) begins with the number of a block device.
void device(std::string& out, const Call& call, size_t index) {
  const uint32_t type = index == 0 ? S_IFBLK : low(call, index - 1) & S_IFMT;
  const dev_t number = low(call, index);
  if (type == S_IFCHR || type == S_IFBLK) out += "makedev(" + hex(major(number)) + ", " + hex(minor(number)) + ")";
}

// The widest type stands first, the rest as a set behind it: MAP_PRIVATE|MAP_FIXED, SOCK_STREAM|SOCK_CLOEXEC.
std::string type_and_flags(uint64_t value, uint64_t type_mask, const Vocabulary& types, const Vocabulary& names) {
  std::string out = one_of(value & type_mask, types);
  if (const uint64_t rest = value & ~type_mask) out += "|" + flags(rest, names);
  return out;
}

std::string mmap_flags(uint64_t value) { return type_and_flags(value, 0xf, kMmapTypes, kMmapFlags); }
std::string socket_type(uint64_t value) { return type_and_flags(value, 0xf, kSocketTypes, kSocketFlags); }

void mremap_address(std::string& out, const Call& call, size_t index) {
  constexpr uint64_t kTakesAddress = 2 | 4;  // MREMAP_FIXED, MREMAP_DONTUNMAP
  if (call.args[index - 1] & kTakesAddress) out += pointer(call.args[index]);
}

void socket_protocol(std::string& out, const Call& call, size_t index) {
  const uint32_t value = low(call, index);
  switch (call.args[0]) {
    case AF_INET:
    case AF_INET6: out += one_of(value, kInetProtocols); return;
    case AF_NETLINK: out += one_of(value, kNetlinkProtocols); return;
    default: out += unsigned_decimal(value);
  }
}

void socket_option(std::string& out, const Call& call, size_t index) {
  const uint32_t value = low(call, index);
  switch (call.args[index - 1]) {
    case SOL_SOCKET: out += one_of(value, kSocketOptions); return;
    case 0: out += one_of(value, kIpOptions); return;
    case 6: out += one_of(value, kTcpOptions); return;
    case 41: out += one_of(value, kIpv6Options); return;
    default: out += hex(value);
  }
}

std::string clock_id(uint64_t value) {
  const auto id = static_cast<int32_t>(value);
  return id < 0 ? decimal(id) : one_of(value, kClockIds);
}

std::string at_flags(uint64_t value) { return flags(value, kAtFlags); }

// faccessat2 gives 0x200 another name, statx has a choice inside the set.
void at_flags_of_call(std::string& out, const Call& call, size_t index) {
  const uint32_t value = low(call, index);
  if (call.row.name == "faccessat2") {
    out += flags(value, kAccessAtFlags);
  } else if (call.row.name == "statx") {
    out += one_of(value & 0x6000, kStatxSync);
    if (const uint32_t rest = value & ~0x6000u) out += "|" + flags(rest, kStatxFlags);
  } else {
    out += at_flags(value);
  }
}

std::string flock_op(uint64_t value) { return flags(value, kFlockOps); }

// clone: the flags and the signal sent at the end.
void clone_flags(std::string& out, const Call& call, size_t index) {
  const uint64_t end_signal = call.args[index] & 0xff;
  const uint64_t rest = call.args[index] & ~uint64_t{0xff};
  if (rest != 0 || end_signal == 0) out += flags(rest, kCloneFlags);
  if (end_signal != 0) out.append(rest != 0 ? "|" : "").append(signal(end_signal));
}

std::string futex_op(uint64_t value) {
  constexpr uint64_t kPrivate = 128;
  constexpr uint64_t kRealtime = 256;
  const uint64_t command = value & ~(kPrivate | kRealtime);
  std::string name(find_name(command, kFutexOps));
  if (name.empty()) return one_of(value, kFutexOps);
  if (value & kPrivate) name += "_PRIVATE";
  if (value & kRealtime) name += "|FUTEX_CLOCK_REALTIME";
  return name;
}

std::string shm_key(uint64_t value) { return value == 0 ? "IPC_PRIVATE" : hex(value); }

std::string shmget_flags(uint64_t value) {
  const uint64_t rest = value & ~uint64_t{0777};
  return (rest == 0 ? "" : flags(rest, kShmgetFlags) + "|") + mode_bits(value & 0777);
}

// What only counts, or is shown as a number.
PrintArg number_printer(ArgKind kind) {
  switch (kind) {
    case ArgKind::Int:
    case ArgKind::Pid:
    case ArgKind::ExitStatus:
    case ArgKind::Timeout:
    case ArgKind::Fd: return whole<signed_int>;
    case ArgKind::UInt: return half<unsigned_decimal>;
    case ArgKind::Long:
    case ArgKind::Offset: return whole<signed_long>;
    case ArgKind::Size: return whole<unsigned_decimal>;
    case ArgKind::Hex: return whole<hex>;
    case ArgKind::Pointer: return whole<pointer>;
    case ArgKind::UidGid: return half<owner>;
    case ArgKind::DirFd: return whole<dir_fd>;
    case ArgKind::Device: return device;
    case ArgKind::Mode: return half<mode_bits>;
    case ArgKind::ShmKey: return half<shm_key>;
    case ArgKind::ShmgetFlags: return half<shmget_flags>;
    case ArgKind::NodeMode: return half<node_mode>;
    case ArgKind::OpenMode: return open_mode;
    default: return nullptr;
  }
}

PrintArg choice_printer(ArgKind kind) {
  switch (kind) {
    case ArgKind::Whence: return choice<kWhences>;
    case ArgKind::FcntlCmd: return choice<kFcntlCmds>;
    case ArgKind::FileAdvice: return choice<kFileAdvice>;
    case ArgKind::Madvice: return choice<kMadvice>;
    case ArgKind::ShmctlCommand: return choice<kShmctlCommands>;
    case ArgKind::ClockId: return half<clock_id>;
    case ArgKind::EpollOp: return choice<kEpollOps>;
    case ArgKind::SigprocmaskHow: return choice<kSigprocmaskHows>;
    case ArgKind::SocketDomain: return choice<kDomains>;
    case ArgKind::ShutdownHow: return choice<kShutdownHows>;
    case ArgKind::SockLevel: return choice<kSockLevels>;
    case ArgKind::PrctlOp: return choice<kPrctlOps>;
    case ArgKind::ArchPrctlCode: return choice<kArchPrctlCodes>;
    case ArgKind::Resource: return choice<kResources>;
    case ArgKind::RusageWho: return choice<kRusageWhos>;
    case ArgKind::PriorityWhich: return choice<kPriorityWhichs>;
    case ArgKind::SchedPolicy: return choice<kSchedPolicies>;
    default: return nullptr;
  }
}

PrintArg set_printer(ArgKind kind) {
  switch (kind) {
    case ArgKind::UnlinkFlags: return flag_set<kUnlinkFlags>;
    case ArgKind::AccessMode: return flag_set<kAccessModes>;
    case ArgKind::RenameFlags: return flag_set<kRenameFlags>;
    case ArgKind::DescriptorFlags: return flag_set<kOpenFlags>;
    case ArgKind::CloseRangeFlags: return flag_set<kCloseRangeFlags>;
    case ArgKind::FallocateMode: return flag_set<kFallocateModes>;
    case ArgKind::SyncRangeFlags: return flag_set<kSyncRangeFlags>;
    case ArgKind::SpliceFlags: return flag_set<kSpliceFlags>;
    case ArgKind::RwFlags: return flag_set<kRwFlags>;
    case ArgKind::XattrFlags: return flag_set<kXattrFlags>;
    case ArgKind::StatxMask: return flag_set<kStatxMask>;
    case ArgKind::MemfdFlags: return flag_set<kMemfdFlags>;
    case ArgKind::InotifyFlags: return flag_set<kInotifyFlags>;
    case ArgKind::InotifyMask: return flag_set<kInotifyMask>;
    case ArgKind::MmapProt: return flag_set<kMmapProt>;
    case ArgKind::MremapFlags: return flag_set<kMremapFlags>;
    case ArgKind::MsyncFlags: return flag_set<kMsyncFlags>;
    case ArgKind::MlockFlags: return flag_set<kMlockFlags>;
    case ArgKind::ShmatFlags: return flag_set<kShmatFlags>;
    case ArgKind::TimerFlags: return flag_set<kTimerFlags>;
    case ArgKind::TimerfdFlags: return flag_set<kTimerfdFlags>;
    case ArgKind::TimerfdSetFlags: return flag_set<kTimerfdSetFlags>;
    case ArgKind::EpollFlags: return flag_set<kEpollFlags>;
    case ArgKind::EventfdFlags: return flag_set<kEventfdFlags>;
    case ArgKind::SocketFlags: return flag_set<kSocketFlags>;
    case ArgKind::MsgFlags: return flag_set<kMsgFlags>;
    case ArgKind::WaitOptions: return flag_set<kWaitOptions>;
    case ArgKind::GetrandomFlags: return flag_set<kGetrandomFlags>;
    default: return nullptr;
  }
}

// What needs a function of its own.
PrintArg special_printer(ArgKind kind) {
  switch (kind) {
    case ArgKind::None:
    case ArgKind::Unused: return nothing;
    case ArgKind::OpenFlags: return half<open_flags>;
    case ArgKind::AtFlags: return at_flags_of_call;
    case ArgKind::FlockOp: return half<flock_op>;
    case ArgKind::IoctlCmd: return half<ioctls::command>;
    case ArgKind::MmapFlags: return half<mmap_flags>;
    case ArgKind::MremapAddress: return mremap_address;
    case ArgKind::Signal: return half<signal>;
    case ArgKind::SocketType: return half<socket_type>;
    case ArgKind::SocketProtocol: return socket_protocol;
    case ArgKind::SockOption: return socket_option;
    case ArgKind::CloneFlags: return clone_flags;
    case ArgKind::FutexOp: return half<futex_op>;
    default: return nullptr;
  }
}

}  // namespace

std::string open_flags(uint64_t value) {
  std::string out(find_name(value & O_ACCMODE, kOpenAccess));
  if (const uint64_t rest = value & ~uint64_t{O_ACCMODE}) out += "|" + flags(rest, kOpenFlags);
  return out;
}

std::string node_mode(uint64_t value) {
  std::string out;
  if (const uint64_t type = value & S_IFMT) {
    const std::string_view name = find_name(type, kFileTypes);
    out.append(name.empty() ? octal(type) : std::string(name)).append("|");
  }
  if (const uint64_t special = value & 07000) out += flags(special, kModeBits) + "|";
  return out + mode_bits(value & 0777);
}

std::string signal(uint64_t number) {
  const std::string_view name = find_name(number, kSignals);
  if (!name.empty()) return std::string(name);
  if (number == 32) return "SIGRTMIN";
  if (number > 32 && number <= 64) return "SIGRT_" + unsigned_decimal(number - 32);
  return unsigned_decimal(number);
}

PrintArg printer(ArgKind kind) {
  for (PrintArg (*family)(ArgKind) : {number_printer, choice_printer, set_printer, special_printer}) {
    if (const PrintArg print = family(kind)) return print;
  }
  return nullptr;
}

}  // namespace kontain::trace::scalars
