#include "imagebuild/build/run.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "imagebuild/build/runtime.h"
#include "imagebuild/build/user_namespace.h"

namespace kontain::image::build {
namespace {

enum Step : int { kUnshare = 1, kPrivate, kFolder, kOverlay, kExec };
constexpr std::array kStepNames = {
    "", "unshare", "make mounts private", "enter the build's folder", "mount overlay", "execute krun"};

// What the child reports before it became krun.
struct ChildFailure {
  int step = 0;
  int errno_value = 0;
};

Result<void> write_file(const std::string& path, std::string_view text, mode_t mode) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (!fd) return fail_errno(path, "", errno);
  FdSink sink(fd.get(), path);
  TRY(sink.write(text));
  if (fchmod(fd.get(), mode) != 0) return fail_errno(path, "", errno);
  return {};
}

Result<void> make_folder(const std::string& path) {
  if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno(path, "", errno);
  return {};
}

Result<void> prepare_bundle(const RunRequest& request) {
  const std::string bundle = request.folder + "/" + request.bundle;
  TRY(make_folder(bundle + "/pipes"));
  for (const InlineFile& script : request.scripts) TRY(write_file(bundle + "/pipes/" + script.name, script.text, 0755));
  TRY(write_file(bundle + "/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost\n", 0644));
  return write_file(bundle + "/config.json", bundle_config(request), 0644);
}

std::string containers_of(const RunRequest& request) { return request.folder + "/" + kContainers; }

std::string overlay_options(const RunRequest& request) {
  std::string options = "lowerdir=";
  for (const std::string& lower : request.lower) options += (options.back() == '=' ? "" : ":") + lower;
  options += ",upperdir=" + request.upper + ",workdir=" + request.work + ",index=off";
  // userxattr has the other two turned off, and does not take them together with it.
  options += in_user_namespace() ? ",userxattr" : ",redirect_dir=off,metacopy=off";
  return options;
}

struct Child {
  const RunRequest& request;
  std::string options;
  std::vector<const char*> argv;
  int output = -1;
  int report = -1;
  pid_t builder = -1;
};

// In the child, between fork and exec: system calls only.
[[noreturn]] void become_krun(const Child& child) {
  const auto stop = [&](int step) {
    const ChildFailure failure{step, errno};
    static_cast<void>(!write(child.report, &failure, sizeof failure));
    _exit(127);
  };
  prctl(PR_SET_PDEATHSIG, SIGTERM);            // until krun takes care of it
  if (getppid() != child.builder) _exit(127);  // killed before
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, 0);
  dup2(child.output, 1);
  dup2(child.output, 2);
  fcntl(child.request.lock, F_SETFD, 0);
  if (unshare(CLONE_NEWNS) != 0) stop(kUnshare);
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) stop(kPrivate);
  if (chdir(child.request.folder.c_str()) != 0) stop(kFolder);
  if (mount("overlay", child.request.merged.c_str(), "overlay", 0, child.options.c_str()) != 0) stop(kOverlay);
  execv(child.request.krun.c_str(), const_cast<char* const*>(child.argv.data()));
  stop(kExec);
  _exit(127);
}

// Until nobody can write any more, or the process `krun`, a pidfd, has ended and there is no more for now.
void forward_output(int fd, int krun, const std::function<void(std::string_view)>& output) {
  std::array<char, 16384> buffer;
  for (;;) {
    std::array<pollfd, 2> entries = {pollfd{fd, POLLIN, 0}, pollfd{krun, POLLIN, 0}};
    if (poll(entries.data(), entries.size(), -1) < 0) continue;
    if (entries[0].revents == 0) return;
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    if (output) output(std::string_view(buffer.data(), static_cast<size_t>(count)));
  }
}

Result<int> attend(pid_t pid, int output, const RunRequest& request) {
  const UniqueFd krun(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  forward_output(output, krun.get(), request.output);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return fail_errno("krun", "wait", errno);
  }
  if (!WIFSIGNALED(status)) return WEXITSTATUS(status);
  // The container goes on without its krun.
  TRY(end_container(request.krun, containers_of(request), request.id));
  forward_output(output, -1, request.output);
  return 128 + WTERMSIG(status);
}

}  // namespace

Result<int> run_in_vm(const RunRequest& request) {
  TRY(prepare_bundle(request));
  const std::string state = containers_of(request);
  TRY(make_folder(state));
  const std::string bundle = request.folder + "/" + request.bundle;
  std::array<int, 2> output, report;
  if (pipe2(output.data(), O_CLOEXEC) != 0) return fail_errno("RUN", "pipe", errno);
  UniqueFd output_read(output[0]), output_write(output[1]);
  if (pipe2(report.data(), O_CLOEXEC) != 0) return fail_errno("RUN", "pipe", errno);
  UniqueFd report_read(report[0]), report_write(report[1]);
  const Child child{request,
                    overlay_options(request),
                    {request.krun.c_str(), "--root", state.c_str(), "run", "--die-with-parent", "--bundle",
                     bundle.c_str(), request.id.c_str(), nullptr},
                    output_write.get(),
                    report_write.get(),
                    getpid()};
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("RUN", "fork", errno);
  if (pid == 0) become_krun(child);
  output_write.reset();
  report_write.reset();
  TRY_ASSIGN(const int status, attend(pid, output_read.get(), request));
  ChildFailure failure;
  if (read(report_read.get(), &failure, sizeof failure) == sizeof failure) {
    return fail_errno("RUN", kStepNames[static_cast<size_t>(failure.step)], failure.errno_value);
  }
  return status;
}

}  // namespace kontain::image::build
