#include "krun/container/process_start.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "krun/sandbox/identity.h"
#include "krun/sandbox/rootfs.h"

namespace kontain::krun::container {
namespace {

int listen_fds() {
  const char* text = getenv("LISTEN_FDS");
  const int count = text ? std::atoi(text) : 0;
  return count > 0 && count < 1024 ? count : 0;
}

// Programs open /dev/stdout again by its name: what stdio is belongs to the user then.
void give_stdio_to(uint32_t uid) {
  struct stat null = {};
  stat("/dev/null", &null);
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    struct stat info;
    if (fstat(number, &info) != 0 || info.st_uid == uid || info.st_rdev == null.st_rdev) continue;
    static_cast<void>(!fchown(number, uid, static_cast<gid_t>(-1)));
  }
}

}  // namespace

Result<void> apply_limits(const spec::Process& process) {
  TRY(sandbox::set_rlimits(process.rlimits));
  if (process.scheduler) TRY(sandbox::set_scheduler(*process.scheduler));
  if (process.io_priority) TRY(sandbox::set_io_priority(*process.io_priority));
  return sandbox::set_exec_labels(process.apparmor_profile, process.selinux_label);
}

Result<void> set_up_terminal(int root, const ProcessStart& start) {
  if (!start.process->terminal) return {};
  TRY_ASSIGN(const console::Terminal terminal, console::make_terminal(root, start.process->console_size));
  if (fchown(terminal.slave.get(), start.process->user.uid, static_cast<gid_t>(-1)) != 0 && errno != EPERM &&
      errno != EINVAL) {
    return fail_errno("terminal", "chown", errno);
  }
  static_cast<void>(console::bind_to_console(root, terminal));
  TRY(console::send_descriptor(start.console_socket, terminal.master.get(), "/dev/ptmx"));
  return console::use_terminal(terminal);
}

Result<launch::Payload> become_process(const ProcessStart& start, bool may_create_cwd) {
  const spec::Process& process = *start.process;
  give_stdio_to(process.user.uid);
  // As root first: the folder may have to be made. Where root may not enter (a network file system), the user may.
  const auto entered = sandbox::enter_working_directory(process.cwd, may_create_cwd);
  const spec::Capabilities none;
  uint64_t bounding = sandbox::own_bounding_set();
  // By chroot(2) a process leaves a root that it is held in by nothing else.
  if (start.shares_mounts) bounding &= ~(uint64_t{1} << CAP_SYS_CHROOT);
  TRY(sandbox::become_user(process.user, sandbox::intersect_capabilities(process.capabilities.value_or(none), bounding),
                           process.no_new_privileges));
  if (!entered) TRY(sandbox::enter_working_directory(process.cwd, false));
  launch::Payload payload;
  payload.environment = launch::with_home(process.environment, process.user.uid);
  if (const int count = listen_fds()) {
    payload.environment.push_back("LISTEN_FDS=" + std::to_string(count));
    payload.environment.push_back("LISTEN_PID=1");
  }
  payload.arguments = process.arguments;
  payload.annotations = start.annotations;
  payload.seccomp_filters = start.seccomp_filters;
  payload.seccomp_flags = start.seccomp_flags;
  TRY_ASSIGN(payload.program, launch::find_program(process.arguments[0], payload.environment));
  return payload;
}

void keep_only(std::vector<int> kept, int first_closed) {
  std::ranges::sort(kept);
  auto from = static_cast<unsigned>(first_closed);
  for (const int fd : kept) {
    if (fd < 0 || static_cast<unsigned>(fd) < from) continue;
    const auto number = static_cast<unsigned>(fd);
    if (number > from) syscall(SYS_close_range, from, number - 1, 0U);
    from = number + 1;
  }
  syscall(SYS_close_range, from, ~0U, 0U);
}

int first_closed_fd(const ProcessStart& start) { return STDERR_FILENO + 1 + listen_fds() + start.preserve_fds; }

}  // namespace kontain::krun::container
