#include "km/load/program_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/host_call.h"

namespace kontain::load {
namespace {

const char* kind_name(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR: return "it is a directory";
    case S_IFCHR: return "it is a character device";
    case S_IFBLK: return "it is a block device";
    case S_IFIFO: return "it is a pipe";
    case S_IFSOCK: return "it is a socket";
    default: return "it is not a regular file";
  }
}

// faccessat2(2), Linux 5.8. Older kernels are judged by the mode bits alone.
bool may_execute(const UniqueFd& fd, mode_t mode) {
  const long result =
      host_call(SYS_faccessat2, fd.get(), reinterpret_cast<uint64_t>(""), X_OK, AT_EACCESS | AT_EMPTY_PATH);
  if (result == -ENOSYS) return (mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
  return result == 0;
}

}  // namespace

elf::Parsed<ProgramFile> ProgramFile::from_fd(UniqueFd fd) {
  struct stat status{};
  if (fstat(fd.get(), &status) != 0) {
    return tl::make_unexpected(elf::Reject{elf::RejectKind::ReadFailed, errno_text(errno), errno});
  }
  if (!S_ISREG(status.st_mode)) return elf::reject(elf::RejectKind::NotRegular, kind_name(status.st_mode));
  if (!may_execute(fd, status.st_mode)) {
    return elf::reject(elf::RejectKind::NoPermission, errno_text(EACCES));
  }
  return ProgramFile(std::move(fd), static_cast<uint64_t>(status.st_size));
}

bool ProgramFile::read_at(uint64_t offset, std::span<std::byte> to) const {
  while (!to.empty()) {
    const ssize_t got = pread(fd_.get(), to.data(), to.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to = to.subspan(static_cast<size_t>(got));
    offset += static_cast<uint64_t>(got);
  }
  return true;
}

}  // namespace kontain::load
