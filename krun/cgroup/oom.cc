#include "krun/cgroup/oom.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "krun/cgroup/files.h"

namespace kontain::krun::cgroup {
namespace {

constexpr char kControl[] = "/cgroup.event_control";  // v1
constexpr char kEvents[] = "/memory.events";          // v2

Result<UniqueFd> watch_v1(const std::string& folder) {
  UniqueFd event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  const UniqueFd source(open((folder + "/memory.oom_control").c_str(), O_RDONLY | O_CLOEXEC));
  if (!event || !source) return fail_errno("events", folder, errno);
  TRY(write_text(folder + kControl, std::to_string(event.get()) + " " + std::to_string(source.get())));
  return event;
}

Result<UniqueFd> watch_v2(const std::string& folder) {
  UniqueFd queue(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!queue || inotify_add_watch(queue.get(), (folder + kEvents).c_str(), IN_MODIFY) < 0) {
    return fail_errno("events", folder + kEvents, errno);
  }
  return queue;
}

}  // namespace

Result<OomWatch> OomWatch::create(const Cgroup& cgroup) {
  const std::string folder = cgroup.folder_of("memory");
  if (folder.empty()) return fail("events", "", "the container has no memory cgroup");
  TRY_ASSIGN(UniqueFd fd, cgroup.is_unified() ? watch_v2(folder) : watch_v1(folder));
  OomWatch watch(std::move(fd), folder, cgroup.is_unified());
  if (watch.unified_) watch.kills_ = number_of_key(folder + kEvents, "oom_kill");
  return watch;
}

bool OomWatch::take() {
  std::array<char, 4096> news{};
  const bool told = read(fd_.get(), news.data(), news.size()) > 0;
  // The removal of the cgroup is news too.
  if (!unified_) return told && exists(folder_ + kControl);
  // What the kernel tells of this file comes up to 10 ms late, perhaps after the process has gone: the count is true.
  const uint64_t before = kills_;
  kills_ = number_of_key(folder_ + kEvents, "oom_kill");
  return kills_ > before;
}

}  // namespace kontain::krun::cgroup
