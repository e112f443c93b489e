// execve(2): the new program is judged first; then the host executes km again, which finds program and state in the
// descriptors it inherits.
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/host_call.h"
#include "base/procfs.h"
#include "km/load/initial_stack.h"
#include "km/run/monitor_state.h"
#include "km/signal/host_signals.h"
#include "km/sys/limits.h"

namespace kontain::run {
namespace {

// Descriptors that survive the exec. Whatever fails, they are close-on-exec again.
class Inherited {
 public:
  explicit Inherited(const std::array<int, 8>& fds) : fds_(fds) { set_flags(0); }
  ~Inherited() { set_flags(FD_CLOEXEC); }
  Inherited(const Inherited&) = delete;
  Inherited& operator=(const Inherited&) = delete;

 private:
  void set_flags(int flags) {
    for (const int fd : fds_) {
      if (fd >= 0) fcntl(fd, F_SETFD, flags);
    }
  }
  const std::array<int, 8>& fds_;
};

}  // namespace

// Numbers of the monitor that this exec took. They are free again when it fails, after their owners have closed them.
class Monitor::TakenNumbers {
 public:
  explicit TakenNumbers(fd::MonitorFds& fds) : fds_(fds) {}
  ~TakenNumbers() { forget(); }
  TakenNumbers(const TakenNumbers&) = delete;
  TakenNumbers& operator=(const TakenNumbers&) = delete;

  // False: too many scripts in a row, which Linux does not follow either.
  bool add(int number) {
    if (count_ == numbers_.size()) return false;
    numbers_[count_++] = number;
    return true;
  }
  void forget() {
    for (size_t i = 0; i < count_; ++i) fds_.forget(numbers_[i]);
    count_ = 0;
  }

 private:
  fd::MonitorFds& fds_;
  std::array<int, 12> numbers_{};
  size_t count_ = 0;
};

// What the host's exec needs. Without memory of the heap: a vfork child that becomes another program leaves its heap
// to its parent, and would leave this there for good.
struct Monitor::HostExec {
  UniqueFd program;
  UniqueFd interpreter;
  UniqueFd state;
  std::array<char, 64> variable;
  // What the host shows of the arguments until the next km has its own. Its limit on them is lower than the payload's
  // may be.
  std::array<char, 32 << 10> text;
  std::array<char*, 512> arguments;

  void show(const std::vector<std::string>& payload_arguments) {
    size_t used = 0;
    size_t count = 0;
    for (const std::string& argument : payload_arguments) {
      if (count + 1 == arguments.size() || argument.size() + 1 > text.size() - used) break;
      arguments[count++] = text.data() + used;
      std::memcpy(text.data() + used, argument.c_str(), argument.size() + 1);
      used += argument.size() + 1;
    }
    arguments[count] = nullptr;
  }
};

Handover Monitor::describe_exec(task::Task& task, FoundProgram& found, std::vector<std::string> environment) {
  Handover handover;
  handover.name = found.program.name;
  handover.executable_name = found.executable_name;
  handover.executable = found.executable;
  handover.arguments = found.arguments;
  handover.environment = std::move(environment);
  handover.options = options_;
  handover.host = machine_->host_facts();
  handover.host->call_cost = calls_->cost();
  handover.limits = task.process().limits;
  handover.signal_mask = task.signal_mask;
  handover.personality = task.process().personality;
  handover.seccomp_filters = seccomp::encode(task.seccomp_filters);
  handover.program_fd = found.program.file.fd().get();
  if (found.program.interpreter) handover.interpreter_fd = found.program.interpreter->file.fd().get();
  handover.kvm_fd = system_.fd();
  handover.self_fd = self_.get();
  if (trace_) {
    handover.trace_fd = trace_->fd();
    handover.trace_names_threads = trace_->names_threads();
  }
  handover.registry_fd = registration_.fd();
  handover.registry_path = registration_.path();
  handover.procfs_fd = held_procfs();
  handover.run_device = task.process().run_device;
  if (task.process().clock) handover.clock = task.process().clock->state();
  handover.random = task.process().split_random();
  handover.shares_folders = task.process().shares_folders;
  return handover;
}

// Everything that can fail for the payload's sake: 0, or the errno of its execve.
int Monitor::prepare_exec(task::Task& caller, task::ExecRequest request, TakenNumbers& taken, HostExec& host) {
  const fd::DescriptorRoom room(fds_);
  taken.add(request.file.get());
  request.open = [&taken, open = std::move(request.open)](const std::string& path) {
    auto opened = open(path);
    if (opened && !taken.add(opened->get())) opened = tl::make_unexpected(ELOOP);
    return opened;
  };
  std::vector<std::string> environment = std::move(request.environment);
  auto found = judge_program(request);
  if (!found) return found.error().errno_value != 0 ? found.error().errno_value : ENOEXEC;
  if (found->arguments.empty()) found->arguments.emplace_back();
  load::StackInput stack;
  stack.arguments = found->arguments;
  stack.environment = environment;
  stack.executable_name = found->executable_name;
  if (const auto limit = sys::payload_limit(caller, RLIMIT_STACK)) stack.stack_limit = limit->rlim_cur;
  if (const auto size = load::measure_initial_stack(stack); !size) return size.error().value;
  host.show(found->arguments);
  auto file = make_handover_file(describe_exec(caller, *found, std::move(environment)));
  auto state = file ? fds_.adopt(std::move(*file)) : tl::make_unexpected(file.error());
  if (!state) return ENOMEM;
  taken.add(state->get());
  host.state = std::move(*state);
  host.program = found->program.file.take_fd();
  if (found->program.interpreter) host.interpreter = found->program.interpreter->file.take_fd();
  const std::string variable = handover_variable(host.state.get());
  std::memcpy(host.variable.data(), variable.c_str(), variable.size() + 1);
  return 0;
}

mem::Errno Monitor::execute(task::Task& caller, task::ExecRequest request) {
  TakenNumbers taken(fds_);
  HostExec host;
  if (const int error = prepare_exec(caller, std::move(request), taken, host)) return mem::Errno{error};
  const std::array<int, 8> handed_on = {
      system_.fd(),           self_.get(),      trace_ ? trace_->fd() : -1, host.program.get(),
      host.interpreter.get(), host.state.get(), registration_.fd(),         held_procfs()};
  if (!fd::MonitorFds::has_room_after_exec()) return mem::Errno{EMFILE};
  const signal::HostSignalsBlocked blocked(caller);
  if (signal::HostSignalsBlocked::must_deliver_first()) return mem::Errno{task::kRestart};
  // Until the host's exec no other thread may fork: its child would inherit what only the next km may have. A vfork
  // child has descriptors of its own, and a lock that it held would stay locked for its parent.
  std::unique_lock hold(threads_lock_, std::defer_lock);
  const std::unique_lock folder(caller.process().folder_lock());
  if (!caller.process().shares_memory) hold.lock();
  const Inherited inherited(handed_on);
  // The numbers are the parent's again; the descriptors are ours.
  if (caller.process().shares_memory) taken.forget();
  const std::array<char*, 2> host_environment = {host.variable.data(), nullptr};
  // The mask survives the exec; SIGSEGV and SIGBUS wait for the next km to block them again.
  signal::set_host_mask(caller.signal_mask);
  if (trace_) trace_->write_exec();
  fds_.lock_for_exec();
  const long result = host_call(SYS_execveat, static_cast<uint64_t>(self_.get()), reinterpret_cast<uint64_t>(""),
                                reinterpret_cast<uint64_t>(host.arguments.data()),
                                reinterpret_cast<uint64_t>(host_environment.data()), AT_EMPTY_PATH);
  fds_.unlock();
  return mem::Errno{static_cast<int>(-result)};
}

}  // namespace kontain::run
