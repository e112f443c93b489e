// An opened program or interpreter: a regular file that the caller may execute.
#pragma once

#include "base/unique_fd.h"
#include "km/elf/reject.h"
#include "km/elf/source.h"

namespace kontain::load {

class ProgramFile final : public elf::ByteSource {
 public:
  // Takes a descriptor opened for reading. Rejects (NotRegular, NoPermission) what execve(2) answers EACCES for:
  // no regular file, no execute permission for the effective ids, a mount with noexec.
  static elf::Parsed<ProgramFile> from_fd(UniqueFd fd);

  uint64_t size() const override { return size_; }
  bool read_at(uint64_t offset, std::span<std::byte> to) const override;
  const UniqueFd& fd() const { return fd_; }
  UniqueFd take_fd() { return std::move(fd_); }

 private:
  ProgramFile(UniqueFd fd, uint64_t size) : fd_(std::move(fd)), size_(size) {}

  UniqueFd fd_;
  uint64_t size_;
};

}  // namespace kontain::load
