// The kernel's word that a cgroup has run out of memory.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/unique_fd.h"
#include "krun/cgroup/cgroup.h"

namespace kontain::krun::cgroup {

class OomWatch {
 public:
  // Of the container's memory cgroup: v1 by an eventfd (memory.oom_control), v2 by watching memory.events.
  static Result<OomWatch> create(const Cgroup& cgroup);

  // Becomes readable when there may be news.
  int fd() const { return fd_.get(); }
  // Has memory run out since the last call? Does not wait.
  bool take();

 private:
  OomWatch(UniqueFd fd, std::string folder, bool unified)
      : fd_(std::move(fd)), folder_(std::move(folder)), unified_(unified) {}

  UniqueFd fd_;
  std::string folder_;
  bool unified_;
  uint64_t kills_ = 0;  // v2: those that were reported
};

}  // namespace kontain::krun::cgroup
