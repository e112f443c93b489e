#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "km/trace/flag_tables.h"
#include "km/trace/printers.h"

namespace kontain::trace {
namespace files {
namespace {

using abi::ArgKind;

// A device has a number where other files have a size.
std::string size_or_device(const struct stat& value) {
  if (!S_ISCHR(value.st_mode) && !S_ISBLK(value.st_mode)) return "st_size=" + decimal(value.st_size);
  return "st_rdev=makedev(" + hex(major(value.st_rdev)) + ", " + hex(minor(value.st_rdev)) + ")";
}

std::string describe_stat(const struct stat& value) {
  return "{st_mode=" + scalars::node_mode(value.st_mode) + ", " + size_or_device(value) + ", ...}";
}

std::string describe_statx(const struct statx& value) {
  return "{stx_mask=" + flags(value.stx_mask, kStatxMask) +
         ", stx_attributes=" + flags(value.stx_attributes, kStatxAttributes) +
         ", stx_mode=" + scalars::node_mode(value.stx_mode) + ", stx_size=" + unsigned_decimal(value.stx_size) +
         ", ...}";
}

std::string describe_statfs(const struct statfs& value) {
  std::string out = "{f_type=" + one_of(static_cast<uint64_t>(value.f_type), kFilesystems);
  out += ", f_bsize=" + decimal(value.f_bsize);
  out += ", f_blocks=" + unsigned_decimal(value.f_blocks);
  out += ", f_bfree=" + unsigned_decimal(value.f_bfree);
  out += ", f_bavail=" + unsigned_decimal(value.f_bavail);
  out += ", f_files=" + unsigned_decimal(value.f_files);
  out += ", f_ffree=" + unsigned_decimal(value.f_ffree);
  const auto id = [&](int half) { return hex(static_cast<uint32_t>(value.f_fsid.__val[half])); };
  out += ", f_fsid={val=[" + id(0) + ", " + id(1) + "]}";
  out += ", f_namelen=" + decimal(value.f_namelen);
  out += ", f_frsize=" + decimal(value.f_frsize);
  out += ", f_flags=" + flags(static_cast<uint64_t>(value.f_flags), kMountFlags);
  return out + "}";
}

std::string describe_open_how(const open_how& how) {
  std::string out = "{flags=" + scalars::open_flags(how.flags);
  const bool creates = (how.flags & O_CREAT) != 0 || (how.flags & O_TMPFILE) == O_TMPFILE;
  if (creates || how.mode != 0) out += ", mode=" + mode_bits(how.mode);
  return out + ", resolve=" + flags(how.resolve, kResolveFlags) + "}";
}

std::string describe_pair(const std::array<int32_t, 2>& pair) {
  return "[" + decimal(pair[0]) + ", " + decimal(pair[1]) + "]";
}

// Both forms of the entry have their length behind two 64-bit fields.
uint64_t count_entries(const Call& call, uint64_t address, uint64_t size) {
  constexpr uint64_t kLengthOffset = 16;
  uint64_t count = 0;
  for (uint64_t at = 0; at < size; ++count) {
    const auto length = load<uint16_t>(call, address + at + kLengthOffset);
    if (!length || *length == 0) break;
    at += *length;
  }
  return count;
}

void dirents(std::string& out, const Call& call, size_t index) {
  out += pointer(call.args[index]);
  if (call.failed()) return;
  const uint64_t count = count_entries(call, call.args[index], static_cast<uint64_t>(call.result.value_or(0)));
  out += " /* " + unsigned_decimal(count) + " entries */";
}

std::string describe_offset(const int64_t& offset) { return "[" + decimal(offset) + "]"; }

// The position is shown as it was; sendfile's also as it became.
void offset(std::string& out, const Call& call, size_t index) {
  const uint64_t address = call.args[index];
  if (!call.result) {
    out += described<int64_t>(call, address, describe_offset);
    return;
  }
  const auto now = load<int64_t>(call, address);
  if (call.row.name == "sendfile" && *call.result > 0 && now) out += " => " + describe_offset(*now);
}

}  // namespace

PrintArg printer(ArgKind kind) {
  switch (kind) {
    case ArgKind::StatOut: return print_out<struct stat, describe_stat>;
    case ArgKind::StatxOut: return print_out<struct statx, describe_statx>;
    case ArgKind::StatfsOut: return print_out<struct statfs, describe_statfs>;
    case ArgKind::OpenHow: return print_in<open_how, describe_open_how>;
    case ArgKind::IntPairOut: return print_out<std::array<int32_t, 2>, describe_pair>;
    case ArgKind::DirentsOut: return dirents;
    case ArgKind::OffsetInOut: return offset;
    default: return nullptr;
  }
}

}  // namespace files

namespace fcntls {
namespace {

std::string describe_lock(const flock& lock) {
  return "{l_type=" + one_of(static_cast<uint16_t>(lock.l_type), kLockTypes) +
         ", l_whence=" + one_of(static_cast<uint16_t>(lock.l_whence), kWhences) + ", l_start=" + decimal(lock.l_start) +
         ", l_len=" + decimal(lock.l_len);
}

std::string lock_to_set(const flock& lock) { return describe_lock(lock) + "}"; }
std::string lock_found(const flock& lock) { return describe_lock(lock) + ", l_pid=" + decimal(lock.l_pid) + "}"; }

constexpr int kOfdGetLock = 36;
constexpr int kOfdSetLockWait = 38;

void lock_to_get(std::string& out, const Call& call, size_t index) {
  if (call.result) print_out<flock, lock_found>(out, call, index);
}

}  // namespace

void arg(std::string& out, const Call& call, size_t index) {
  const auto command = static_cast<int>(call.args[index - 1]);
  const uint64_t value = call.args[index];
  if (command == F_GETLK || command == kOfdGetLock) return lock_to_get(out, call, index);
  if (call.result) return;
  switch (command) {
    case F_GETFD:
    case F_GETFL:
    case F_GETOWN:
    case F_GETSIG:
    case F_GETLEASE:
    case F_GETPIPE_SZ:
    case F_GET_SEALS: return;
    case F_SETFD: out += flags(value, kFdFlags); return;
    case F_SETFL: out += scalars::open_flags(value); return;
    case F_ADD_SEALS: out += flags(value, kSealFlags); return;
    case F_NOTIFY: out += flags(static_cast<uint32_t>(value), kFolderNotices); return;
    case F_SETLEASE: out += one_of(value, kLockTypes); return;
    case F_SETSIG: out += scalars::signal(value); return;
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
    case F_SETOWN:
    case F_SETPIPE_SZ: out += decimal(static_cast<int32_t>(value)); return;
    default: break;
  }
  const bool is_lock =
      command == F_SETLK || command == F_SETLKW || (command > kOfdGetLock && command <= kOfdSetLockWait);
  out += is_lock ? described<flock>(call, value, lock_to_set) : hex(value);
}

bool returns_flags(const Call& call) {
  return call.args[1] == F_GETFD || call.args[1] == F_GETFL || call.args[1] == F_GET_SEALS;
}

std::string result_note(const Call& call) {
  const auto value = static_cast<uint64_t>(*call.result);
  switch (call.args[1]) {
    case F_GETFD: return value == 0 ? "" : " (flags " + flags(value, kFdFlags) + ")";
    case F_GETFL: return " (flags " + scalars::open_flags(value) + ")";
    case F_GET_SEALS: return value == 0 ? "" : " (seals " + flags(value, kSealFlags) + ")";
    default: return "";
  }
}

}  // namespace fcntls
}  // namespace kontain::trace
