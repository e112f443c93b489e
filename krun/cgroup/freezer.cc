// Stopping all processes of a container, and letting them go on.
#include "krun/cgroup/cgroup.h"
#include "krun/cgroup/files.h"
#include "krun/cgroup/members.h"

namespace kontain::krun::cgroup {
namespace {

// To the nearest cgroup above that takes it; the root of all does.
void move_up(pid_t pid, const std::string& folder) {
  for (std::string above = parent_of(folder); exists(above + "/cgroup.procs"); above = parent_of(above)) {
    if (write_text(above + "/cgroup.procs", std::to_string(pid))) return;
  }
}

// A cgroup counts as frozen when all its tasks are, and a thread of the kernel never is. It has to be elsewhere before:
// v2 does not count again when one leaves. Until all processes are stopped another may come with another machine.
Result<void> freeze_v2(const std::string& folder) {
  constexpr int kTries = 20;
  for (int i = 0; i < kTries; ++i) {
    for (const pid_t pid : members_of(folder).kernel_threads) move_up(pid, folder);
    TRY(write_text(folder + "/cgroup.freeze", "1"));
    const bool frozen = wait_until([&] {
      return number_of_key(folder + "/cgroup.events", "frozen") == 1 || !members_of(folder).kernel_threads.empty();
    });
    if (frozen && number_of_key(folder + "/cgroup.events", "frozen") == 1) return {};
    TRY(write_text(folder + "/cgroup.freeze", "0"));
    if (!frozen) break;
  }
  const bool held = !members_of(folder).kernel_threads.empty();
  return fail("pause", folder, held ? "a thread of the kernel's does not leave it" : "the processes do not stop");
}

Result<void> freeze_v1(const std::string& folder) {
  // A process that forks meanwhile can leave the state at FREEZING: it is written again.
  const bool frozen = wait_until([&] {
    static_cast<void>(write_text(folder + "/freezer.state", "FROZEN"));
    const auto state = read_text(folder + "/freezer.state");
    return state && state->rfind("FROZEN", 0) == 0;
  });
  if (frozen) return {};
  static_cast<void>(write_text(folder + "/freezer.state", "THAWED"));
  return fail("pause", folder, "the processes do not stop");
}

}  // namespace

bool Cgroup::is_frozen() const {
  if (unified_) return read_number(folder_of("") + "/cgroup.freeze").value_or(0) == 1;
  const std::string folder = folder_of("freezer");
  const auto state = folder.empty() ? fail("", "", "") : read_text(folder + "/freezer.state");
  return state && state->rfind("THAWED", 0) != 0;
}

Result<void> Cgroup::freeze() const {
  const std::string folder = folder_of("freezer");
  if (folder.empty()) return fail("pause", "", "the container has no freezer cgroup");
  return unified_ ? freeze_v2(folder) : freeze_v1(folder);
}

Result<void> Cgroup::thaw() const {
  const std::string folder = folder_of("freezer");
  if (folder.empty()) return fail("resume", "", "the container has no freezer cgroup");
  return unified_ ? write_text(folder + "/cgroup.freeze", "0") : write_text(folder + "/freezer.state", "THAWED");
}

}  // namespace kontain::krun::cgroup
