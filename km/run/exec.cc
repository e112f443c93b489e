// execve(2): the new program is judged first; then the host executes km again, which finds program and state in the
// descriptors it inherits.
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/host_call.h"
#include "km/load/initial_stack.h"
#include "km/run/monitor_state.h"
#include "km/signal/host_signals.h"
#include "km/sys/limits.h"

namespace kontain::run {
namespace {

// What the host is asked to show of the arguments until the next km has its own: the host's limit on them is lower
// than the payload's may be.
constexpr size_t kShownArguments = 64 << 10;

std::vector<char*> shown_arguments(const std::vector<std::string>& arguments) {
  std::vector<char*> pointers;
  size_t total = 0;
  for (const std::string& argument : arguments) {
    total += argument.size() + 1;
    if (total > kShownArguments && !pointers.empty()) break;
    pointers.push_back(const_cast<char*>(argument.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

// A descriptor among the monitor's numbers, given back if the exec fails.
class Kept {
 public:
  static Result<Kept> copy_of(fd::MonitorFds& fds, const UniqueFd& fd) {
    UniqueFd copy(fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
    if (!copy) return fail_errno("descriptors", "", errno);
    return adopt(fds, std::move(copy));
  }
  static Result<Kept> adopt(fd::MonitorFds& fds, UniqueFd fd) {
    TRY_ASSIGN(UniqueFd kept, fds.adopt(std::move(fd)));
    return Kept(fds, std::move(kept));
  }
  Kept(Kept&& other) noexcept = default;
  Kept& operator=(Kept&&) = delete;
  ~Kept() {
    if (fd_ && !is_forgotten_) fds_.release(std::move(fd_));
  }
  // A vfork child that becomes another program takes its descriptors along; the numbers are its parent's again.
  void forget() {
    fds_.forget(fd_.get());
    is_forgotten_ = true;
  }
  int number() const { return fd_.get(); }

 private:
  Kept(fd::MonitorFds& fds, UniqueFd fd) : fds_(fds), fd_(std::move(fd)) {}
  fd::MonitorFds& fds_;
  UniqueFd fd_;
  bool is_forgotten_ = false;
};

// Descriptors that survive the exec. Whatever fails, they are close-on-exec again.
class Inherited {
 public:
  explicit Inherited(std::vector<int> fds) : fds_(std::move(fds)) { set_flags(0); }
  ~Inherited() { set_flags(FD_CLOEXEC); }
  Inherited(const Inherited&) = delete;
  Inherited& operator=(const Inherited&) = delete;

 private:
  void set_flags(int flags) {
    for (const int fd : fds_) {
      if (fd >= 0) fcntl(fd, F_SETFD, flags);
    }
  }
  std::vector<int> fds_;
};

}  // namespace

Handover Monitor::describe_exec(task::Task& task, const FoundProgram& found, std::vector<std::string> environment) {
  Handover handover;
  handover.name = found.program.name;
  handover.executable_name = found.executable_name;
  handover.executable = found.executable;
  handover.arguments = found.arguments;
  handover.environment = std::move(environment);
  handover.options = options_;
  handover.limits = task.process().limits;
  handover.signal_mask = task.signal_mask;
  handover.personality = task.process().personality;
  handover.kvm_fd = system_.fd();
  handover.self_fd = self_.get();
  if (trace_) handover.trace_fd = trace_->fd();
  handover.registry_fd = registration_.fd();
  handover.registry_path = registration_.path();
  return handover;
}

mem::Errno Monitor::execute(task::Task& caller, task::ExecRequest request) {
  std::vector<std::string> environment = std::move(request.environment);
  auto found = judge_program(request);
  if (!found) return mem::Errno{found.error().errno_value != 0 ? found.error().errno_value : ENOEXEC};
  if (found->arguments.empty()) found->arguments.emplace_back();
  load::StackInput stack;
  stack.arguments = found->arguments;
  stack.environment = environment;
  stack.executable_name = found->executable_name;
  if (const auto limit = sys::payload_limit(caller, RLIMIT_STACK)) stack.stack_limit = limit->rlim_cur;
  if (const auto size = load::measure_initial_stack(stack); !size) return size.error();

  const signal::HostSignalsBlocked blocked(caller);
  if (signal::HostSignalsBlocked::must_deliver_first()) return mem::Errno{task::kRestart};
  // Until the host's exec no other thread may fork: its child would inherit what only the next km may have. A vfork
  // child has descriptors of its own, and a lock that it held would stay locked for its parent.
  std::unique_lock hold(threads_lock_, std::defer_lock);
  if (!caller.process().shares_memory) hold.lock();
  Handover handover = describe_exec(caller, *found, std::move(environment));
  auto program = Kept::copy_of(fds_, found->program.file.fd());
  if (!program) return mem::Errno{EMFILE};
  handover.program_fd = program->number();
  std::optional<Kept> interpreter;
  if (found->program.interpreter) {
    auto kept = Kept::copy_of(fds_, found->program.interpreter->file.fd());
    if (!kept) return mem::Errno{EMFILE};
    interpreter.emplace(std::move(*kept));
    handover.interpreter_fd = interpreter->number();
  }
  auto file = make_handover_file(handover);
  auto state = file ? Kept::adopt(fds_, std::move(*file)) : tl::make_unexpected(file.error());
  if (!state) return mem::Errno{ENOMEM};

  const Inherited inherited({handover.kvm_fd, handover.self_fd, handover.trace_fd, handover.registry_fd,
                             handover.program_fd, handover.interpreter_fd, state->number()});
  std::string variable = handover_variable(state->number());
  const std::array<char*, 2> host_environment = {variable.data(), nullptr};
  const std::vector<char*> arguments = shown_arguments(found->arguments);
  if (caller.process().shares_memory) {
    program->forget();
    state->forget();
    if (interpreter) interpreter->forget();
  }
  // The mask survives the exec; SIGSEGV and SIGBUS wait for the next km to block them again.
  signal::set_host_mask(caller.signal_mask);
  const long result = host_call(SYS_execveat, static_cast<uint64_t>(self_.get()), reinterpret_cast<uint64_t>(""),
                                reinterpret_cast<uint64_t>(arguments.data()),
                                reinterpret_cast<uint64_t>(host_environment.data()), AT_EMPTY_PATH);
  return mem::Errno{static_cast<int>(-result)};
}

}  // namespace kontain::run
