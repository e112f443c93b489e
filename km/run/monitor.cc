#include "km/run/monitor.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <memory>

#include "base/host_call.h"
#include "km/fd/monitor_fds.h"
#include "km/kvm/system.h"
#include "km/mem/address_space.h"
#include "km/mem/reservation.h"
#include "km/run/call_trace.h"
#include "km/run/exception.h"
#include "km/run/payload_memory.h"
#include "km/run/program_image.h"
#include "km/run/program_search.h"
#include "km/sys/proc_files.h"
#include "km/sys/signals.h"
#include "km/sys/table.h"
#include "km/task/task.h"
#include "km/vcpu/machine.h"

namespace kontain::run {
namespace {

// KVM_RUN may fail this often in a row on a host page that cannot be had before the payload gets its SIGBUS.
constexpr int kHostFaultLimit = 8;
constexpr unsigned long kMinimumSignalStackKey = 51;  // AT_MINSIGSTKSZ
constexpr uint64_t kHwcap2FsGsBase = 2;               // HWCAP2_FSGSBASE: the only bit we can keep

tl::unexpected<load::LoadError> monitor_failed(Error error) {
  return tl::make_unexpected(load::LoadError{std::move(error), kExitMonitorFailed, EIO});
}

mem::HugePages huge_page_policy(config::Options::HugePages choice) {
  switch (choice) {
    case config::Options::HugePages::On: return mem::HugePages::Always;
    case config::Options::HugePages::Off: return mem::HugePages::Never;
    default: return mem::HugePages::Auto;
  }
}

uint64_t soft_stack_limit() {
  rlimit limit = {};
  getrlimit(RLIMIT_STACK, &limit);
  return limit.rlim_cur;
}

std::vector<std::string> strings_of(char** list) {
  std::vector<std::string> strings;
  for (char** entry = list; entry && *entry; ++entry) strings.emplace_back(*entry);
  return strings;
}

load::AuxiliaryValues auxiliary_values(const vcpu::Machine& machine) {
  load::AuxiliaryValues values;
  values.vdso = machine.vdso_address();
  if (const uint64_t size = getauxval(kMinimumSignalStackKey)) values.minimum_signal_stack = size;
  values.hwcap = getauxval(AT_HWCAP);
  values.hwcap2 = getauxval(AT_HWCAP2) & kHwcap2FsGsBase;
  values.uid = getuid();
  values.euid = geteuid();
  values.gid = getgid();
  values.egid = getegid();
  return values;
}

// The parts of one running payload, in the order in which they depend on each other.
class Monitor {
 public:
  static Result<std::unique_ptr<Monitor>> create(const config::Options& options);

  // Takes the program and closes its files: the payload must not find them among its descriptors.
  load::Loaded<void> load(FoundProgram found, const config::Options& options, char** environment);
  Outcome run();

 private:
  explicit Monitor(kvm::System system) : system_(std::move(system)) {}
  Result<void> open_trace(const config::Options& options);
  std::optional<Error> keep_executable(const UniqueFd& program);
  std::optional<Outcome> handle(const vcpu::Stop& stop);
  void handle_syscall();
  std::optional<FatalSignal> handle_host_fault();

  kvm::System system_;
  fd::MonitorFds fds_;
  std::unique_ptr<vcpu::Machine> machine_;
  std::unique_ptr<vcpu::Cpu> cpu_;
  std::optional<mem::AddressSpace> memory_;
  std::optional<task::Process> process_;
  std::optional<task::Task> task_;
  std::optional<CallTrace> trace_;
  int host_faults_ = 0;
};

Result<std::unique_ptr<Monitor>> Monitor::create(const config::Options& options) {
  TRY_ASSIGN(kvm::System system, kvm::System::open());
  std::unique_ptr<Monitor> monitor(new Monitor(std::move(system)));
  fd::MonitorFds& fds = monitor->fds_;
  TRY(monitor->system_.move_fd([&fds](UniqueFd fd) { return fds.adopt(std::move(fd)); }));
  TRY_ASSIGN(monitor->machine_,
             vcpu::Machine::create(monitor->system_, [&fds](UniqueFd fd) { return fds.adopt(std::move(fd)); }));
  TRY_ASSIGN(monitor->cpu_, monitor->machine_->create_cpu());
  monitor->memory_.emplace(monitor->machine_->physical(), monitor->machine_->tables());
  monitor->memory_->set_huge_pages(huge_page_policy(options.huge_pages));
  monitor->process_.emplace(*monitor->memory_, fds);
  monitor->task_.emplace(*monitor->process_, *monitor->cpu_, gettid());
  TRY(monitor->open_trace(options));
  return monitor;
}

Result<void> Monitor::open_trace(const config::Options& options) {
  if (!options.trace_filter) return {};
  TRY_ASSIGN(const trace::Filter filter, trace::Filter::parse(*options.trace_filter));
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY;
  UniqueFd output(options.trace_file.empty() ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
                                             : open(options.trace_file.c_str(), kFlags, 0666));
  if (!output) return fail_errno("--trace", options.trace_file.empty() ? "stderr" : options.trace_file, errno);
  TRY_ASSIGN(UniqueFd kept, fds_.adopt(std::move(output)));
  trace_.emplace(filter, std::move(kept));
  return {};
}

// Seen in /proc/PID/comm and by ps: the last part of the name the program was started by.
void set_process_name(const std::string& executable_name) {
  const size_t slash = executable_name.rfind('/');
  prctl(PR_SET_NAME, executable_name.c_str() + (slash == std::string::npos ? 0 : slash + 1));
}

// /proc/self/exe is this file, wherever its name goes.
std::optional<Error> Monitor::keep_executable(const UniqueFd& program) {
  auto kept = fds_.adopt(UniqueFd(fcntl(program.get(), F_DUPFD_CLOEXEC, 0)));
  if (!kept) return kept.error();
  process_->executable_fd = kept->release();
  return std::nullopt;
}

load::Loaded<void> Monitor::load(FoundProgram found, const config::Options& options, char** environment) {
  sys::adopt_inherited_signals(*process_);
  mem::install_fault_fixup();
  const uint64_t stack_limit = soft_stack_limit();
  load::SystemRandom random;
  const auto randomize = options.randomize ? load::Randomize::Yes : load::Randomize::No;
  const load::AddressLayout layout = load::choose_layout(random, randomize, stack_limit);
  memory_->set_mmap_top(layout.mmap_top);
  memory_->set_stack_limit(stack_limit);

  load::StartInput input;
  input.arguments = found.arguments;
  input.environment = strings_of(environment);
  input.executable_name = found.executable_name;
  input.stack_limit = stack_limit;
  input.auxiliary = auxiliary_values(*machine_);
  PayloadMemory target(*memory_, stack_limit);
  const auto start = load::load_program(found.program, input, layout, random, target);
  if (!start) return tl::make_unexpected(start.error());
  process_->set_executable(found.executable);
  process_->image = program_image(found.program, *start, *machine_);
  if (const auto error = keep_executable(found.program.file.fd())) return monitor_failed(*error);
  sys::renew_proc_root(*task_);
  set_process_name(found.executable_name);
  cpu_->start_at(start->entry, start->stack_pointer);
  return {};
}

Outcome Monitor::run() {
  for (;;) {
    const vcpu::Stop stop = cpu_->run();
    if (auto outcome = handle(stop)) {
      if (trace_) trace_->write_outcome(*outcome);
      return *outcome;
    }
  }
}

std::optional<Outcome> Monitor::handle(const vcpu::Stop& stop) {
  std::optional<FatalSignal> fatal;
  if (stop.kind != vcpu::StopKind::HostFault) host_faults_ = 0;
  switch (stop.kind) {
    case vcpu::StopKind::Syscall:
      handle_syscall();
      if (task_->ended) return Outcome::exited(task_->exit_status);
      return std::nullopt;
    case vcpu::StopKind::Exception: fatal = signal_of_exception(stop, cpu_->regs().rip, *memory_); break;
    case vcpu::StopKind::Interrupted: return std::nullopt;
    case vcpu::StopKind::HostFault: fatal = handle_host_fault(); break;
    case vcpu::StopKind::BadExit: fatal = FatalSignal{SIGSEGV, SI_KERNEL, 0, cpu_->regs().rip, stop.detail}; break;
  }
  if (!fatal) return std::nullopt;
  return Outcome::killed(*fatal);
}

void Monitor::handle_syscall() {
  kvm_regs& regs = cpu_->regs();
  const auto number = static_cast<uint32_t>(regs.rax);
  const sys::RawArgs args = {regs.rdi, regs.rsi, regs.rdx, regs.r10, regs.r8, regs.r9};
  if (!trace_ || !trace_->wants(number)) {
    regs.rax = static_cast<uint64_t>(sys::dispatch(*task_, number, args).raw());
    return;
  }
  const trace::CallText text = trace::CallText::begin(number, args, payload_reader());
  const int64_t result = sys::dispatch(*task_, number, args).raw();
  regs.rax = static_cast<uint64_t>(result);
  if (task_->ended) {
    trace_->write_call_without_result(text);
  } else {
    trace_->write_call(text, result);
  }
}

// A host page is gone, most likely because a file shrank. KVM does not say which one: without the entries of file
// mappings the access faults again, this time with its address.
std::optional<FatalSignal> Monitor::handle_host_fault() {
  if (++host_faults_ < kHostFaultLimit) {
    memory_->drop_file_entries();
    return std::nullopt;
  }
  return FatalSignal{SIGBUS, BUS_ADRERR, 0, cpu_->regs().rip, "a page of the host cannot be accessed"};
}

}  // namespace

load::Loaded<Outcome> run_payload(const config::Options& options, char** environment, char** argv) {
  std::vector<std::string> arguments = options.arguments;
  arguments.insert(arguments.begin(), options.argv0.empty() ? options.program : options.argv0);
  auto found = find_program(options.program, std::move(arguments));
  if (!found) return tl::make_unexpected(found.error());
  if (!mem::reserve_guest_ranges()) return monitor_failed(mem::retry_with_relaxed_limits(argv));
  auto monitor = Monitor::create(options);
  if (!monitor) return monitor_failed(monitor.error());
  if (auto loaded = (*monitor)->load(std::move(*found), options, environment); !loaded) {
    return tl::make_unexpected(loaded.error());
  }
  // The payload ends with this process: nothing is taken down in between.
  return monitor->release()->run();
}

}  // namespace kontain::run
