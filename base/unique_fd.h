// RAII for file descriptors.
#pragma once

#include <unistd.h>

#include <utility>

namespace kontain {

// Owns one open file descriptor and closes it; -1 owns nothing. Open everything with O_CLOEXEC.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
  }
  // The same open file is to be had as `to` from now on: true when it was `from`, which somebody else closes.
  bool renumber(int from, int to) {
    if (fd_ < 0 || fd_ != from) return false;
    fd_ = to;
    return true;
  }

 private:
  int fd_ = -1;
};

}  // namespace kontain
