// RAII for a descriptor among the monitor's numbers that is used for an instant.
#pragma once

#include <utility>

#include "km/fd/monitor_fds.h"

namespace kontain::fd {

// Owns one adopted descriptor and gives its number back; `fds` outlives it.
class KeptFd {
 public:
  KeptFd() = default;
  KeptFd(MonitorFds& fds, UniqueFd fd) : fds_(&fds), fd_(std::move(fd)) {}
  KeptFd(KeptFd&& other) noexcept : fds_(other.fds_), fd_(std::move(other.fd_)) {}
  KeptFd& operator=(KeptFd&& other) noexcept {
    if (this == &other) return *this;
    give_back();
    fds_ = other.fds_;
    fd_ = std::move(other.fd_);
    return *this;
  }
  KeptFd(const KeptFd&) = delete;
  KeptFd& operator=(const KeptFd&) = delete;
  ~KeptFd() { give_back(); }

  int get() const { return fd_.get(); }
  explicit operator bool() const { return static_cast<bool>(fd_); }
  // The number stays in use, for as long as the process lives.
  UniqueFd take() { return std::move(fd_); }

 private:
  void give_back() {
    if (fd_) fds_->release(std::move(fd_));
  }

  MonitorFds* fds_ = nullptr;
  UniqueFd fd_;
};

}  // namespace kontain::fd
