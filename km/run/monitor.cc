#include "km/run/monitor.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>

#include <span>

#include "base/host_call.h"
#include "base/log.h"
#include "base/procfs.h"
#include "base/version.h"
#include "km/mem/reservation.h"
#include "km/run/core_dump.h"
#include "km/run/monitor_state.h"
#include "km/run/payload_memory.h"
#include "km/run/process_view.h"
#include "km/run/program_image.h"
#include "km/run/thread_loop.h"
#include "km/signal/host_signals.h"
#include "km/sys/limits.h"
#include "km/sys/new_fds.h"
#include "km/sys/proc_files.h"
#include "km/task/robust_list.h"

namespace kontain::run {
namespace {

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

std::vector<std::string> strings_of(char** list) {
  std::vector<std::string> strings;
  for (char** entry = list; entry && *entry; ++entry) strings.emplace_back(*entry);
  return strings;
}

// Behind the environment on our stack: the C library answers getauxval(3) for some types with values of its own.
uint64_t host_auxiliary(uint64_t type) {
  char** end = environ;
  while (*end) ++end;
  for (auto* entry = reinterpret_cast<const Elf64_auxv_t*>(end + 1); entry->a_type != AT_NULL; ++entry) {
    if (entry->a_type == type) return entry->a_un.a_val;
  }
  return 0;
}

// The host's vDSO reads the host's clocks, and since Linux 6.11 its randomness.
vcpu::Exposure exposure_of(const config::Options& options) {
  return {.vdso = !options.clock && !options.random_seed, .random_instructions = !options.random_seed};
}

class SeededRandom final : public load::RandomSource {
 public:
  explicit SeededRandom(repeat::RandomStream& stream) : stream_(stream) {}
  uint64_t next() override {
    uint64_t bits = 0;
    stream_.read(std::as_writable_bytes(std::span(&bits, 1)));
    return bits;
  }

 private:
  repeat::RandomStream& stream_;
};

load::AuxiliaryValues auxiliary_values(const vcpu::Machine& machine) {
  load::AuxiliaryValues values;
  values.vdso = machine.vdso_address();
  values.syscall_entry = machine.call_entry();
  if (const uint64_t size = host_auxiliary(kMinimumSignalStackKey)) values.minimum_signal_stack = size;
  values.hwcap = host_auxiliary(AT_HWCAP);
  values.hwcap2 = host_auxiliary(AT_HWCAP2) & kHwcap2FsGsBase;
  values.uid = getuid();
  values.euid = geteuid();
  values.gid = getgid();
  values.egid = getegid();
  return values;
}

}  // namespace

// Moves a descriptor of ours to where the payload cannot name it.
Result<void> Monitor::keep(UniqueFd& fd) {
  TRY_ASSIGN(fd, fds_.adopt_inherited(std::move(fd)));
  return {};
}

Result<void> Monitor::keep_procfs() {
  UniqueFd root(held_procfs());
  hold_procfs(-1);
  if (!root) return {};
  TRY(keep(root));
  hold_procfs(root.release());
  return {};
}

bool Monitor::renumber_fd(int from, int to) {
  task::Process& process = *process_;
  // Another thread, or the parent of a vfork child, may be using the number.
  if (process.shares_memory || process.has_other_threads()) return false;
  const bool is_of_the_machine = system_.renumber_fd(from, to) || machine_->renumber_fd(from, to);
  if (is_of_the_machine || self_.renumber(from, to) || registration_.renumber_fd(from, to)) return true;
  if (starter_.renumber(from, to)) return true;
  // Not the trace's: a thread that has ended writes one more line.
  if (process.executable_fd != from) return sys::renumber_proc_root(process, from, to);
  process.executable_fd = to;
  return true;
}

Result<std::unique_ptr<Monitor>> Monitor::create(const config::Options& options, const Handover* handover) {
  auto opened = handover ? kvm::System::adopt(UniqueFd(handover->kvm_fd)) : kvm::System::open();
  TRY_ASSIGN(kvm::System system, std::move(opened));
  std::unique_ptr<Monitor> monitor(new Monitor(std::move(system)));
  monitor->options_ = options;
  fd::MonitorFds& fds = monitor->fds_;
  if (handover) fds.expect_inherited(handover->descriptors());
  const fd::DescriptorRoom room(fds);  // an exec may leave none
  TRY(monitor->system_.move_fd([&fds](UniqueFd fd) { return fds.adopt_inherited(std::move(fd)); }));
  TRY(monitor->keep_procfs());
  monitor->self_ = handover ? UniqueFd(handover->self_fd) : mem::open_own_executable();
  if (!monitor->self_) return fail("/proc/self/exe", "", "no procfs is mounted at /proc");
  TRY(monitor->keep(monitor->self_));
  TRY(monitor->open_trace(handover));
  TRY_ASSIGN(monitor->machine_, vcpu::Machine::create(
                                    monitor->system_, [&fds](UniqueFd fd) { return fds.adopt(std::move(fd)); },
                                    handover && handover->host ? &*handover->host : nullptr, exposure_of(options)));
  monitor->calls_ = std::make_unique<CallService>(
      options.calls, *monitor->machine_, monitor->trace(),
      [raw = monitor.get()](std::shared_ptr<exitless::Server> server) { return raw->start_server_thread(server); });
  monitor->memory_.emplace(monitor->machine_->physical(), monitor->machine_->tables());
  monitor->machine_->set_site_finder([memory = &*monitor->memory_](uint64_t pc) { return memory->call_site_of(pc); });
  monitor->memory_->set_huge_pages(huge_page_policy(options.huge_pages));
  TRY_ASSIGN(vcpu::Cpu* const cpu, monitor->machine_->create_cpu());
  monitor->adopt_state(*cpu, handover);
  fds.on_renumber([owner = monitor.get()](int from, int to) { return owner->renumber_fd(from, to); });
  if (!handover) return monitor;
  monitor->adopt_registration(*handover);
  const auto filters = seccomp::decode(handover->seccomp_filters);
  if (!filters) return fail("seccomp", "", "a filter that is no program");
  monitor->main_task_->seccomp_filters = *filters;
  return monitor;
}

Result<void> Monitor::open_trace(const Handover* handover) {
  if (!options_.trace_filter) return {};
  TRY_ASSIGN(const trace::Filter filter, trace::Filter::parse(*options_.trace_filter));
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_APPEND;
  UniqueFd output;
  if (handover) {
    output.reset(handover->trace_fd);
  } else {
    output.reset(options_.trace_file.empty() ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
                                             : open(options_.trace_file.c_str(), kFlags, 0666));
  }
  if (!output) return fail_errno("--trace", options_.trace_file.empty() ? "stderr" : options_.trace_file, errno);
  TRY(keep(output));
  trace_.emplace(filter, std::move(output));
  if (handover && handover->trace_names_threads) trace_->name_threads();
  return {};
}

// What execve(2) keeps of a process; the rest of it the host's kernel has kept.
void Monitor::adopt_state(vcpu::Cpu& cpu, const Handover* handover) {
  process_ = std::make_unique<task::Process>(*memory_, fds_);
  process_->set_lifecycle(this);
  calls_->show_descriptors(*process_);
  leader_ = gettid();
  main_task_ = std::make_unique<task::Task>(*process_, cpu, leader_);
  signal::adopt_inherited_signals(*process_);
  main_task_->signal_mask = handover ? handover->signal_mask : signal::inherited_mask();
  make_repeatable(handover);
  process_->run_device = handover && handover->host ? handover->run_device : sys::find_run_device();
  if (!handover) return;
  process_->limits = handover->limits;
  process_->personality = handover->personality;
  process_->shares_folders = handover->shares_folders;
}

// A process that begins, or the next program of one.
void Monitor::make_repeatable(const Handover* handover) {
  if (options_.clock) {
    const bool goes_on = handover && handover->clock;
    const auto state = goes_on ? *handover->clock : repeat::FixedClock::begin(*options_.clock);
    process_->clock = std::make_unique<repeat::FixedClock>(state);
  }
  if (options_.random_seed) {
    const bool goes_on = handover && handover->random;
    const auto key = goes_on ? *handover->random : repeat::key_of_seed(*options_.random_seed);
    process_->random = std::make_unique<repeat::RandomStream>(key);
  }
}

// To be found by people is a convenience: whatever fails, the payload runs.
void Monitor::enroll(const std::string& program) {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  const int64_t started = now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
  auto enrolled = registry::enroll(registry::folder_of(geteuid()), {getpid(), program, started, version()});
  if (!enrolled) return;
  registration_ = std::move(*enrolled);
  keep_registration();
}

void Monitor::adopt_registration(const Handover& handover) {
  if (handover.registry_fd < 0) return;
  registration_ = registry::Registration(UniqueFd(handover.registry_fd), handover.registry_path);
  keep_registration();
}

void Monitor::keep_registration() {
  UniqueFd lock = registration_.take_fd();
  if (keep(lock)) {
    registration_.set_fd(std::move(lock));
  } else {
    registration_.withdraw();
  }
}

void Monitor::share_registration() { registration_ = registry::Registration(registration_.take_fd(), ""); }

// /proc/self/exe is this file, wherever its name goes.
Result<void> Monitor::keep_executable(const UniqueFd& program) {
  TRY_ASSIGN(UniqueFd kept, fds_.adopt(UniqueFd(fcntl(program.get(), F_DUPFD_CLOEXEC, 0))));
  process_->executable_fd = kept.release();
  return {};
}

load::Loaded<void> Monitor::load(FoundProgram found, const std::vector<std::string>& environment) {
  const fd::DescriptorRoom room(fds_);
  signal::install_host_handlers();
  memory_->serve_failed_copies();
  const auto limit = sys::payload_limit(*main_task_, RLIMIT_STACK);
  const uint64_t stack_limit = limit ? limit->rlim_cur : RLIM_INFINITY;
  load::SystemRandom random_of_host;
  std::optional<SeededRandom> seeded;
  if (process_->random) seeded.emplace(*process_->random);
  load::RandomSource& random = seeded ? static_cast<load::RandomSource&>(*seeded) : random_of_host;
  const auto randomize = options_.randomize ? load::Randomize::Yes : load::Randomize::No;
  const load::AddressLayout layout = load::choose_layout(random, randomize, stack_limit);
  memory_->set_mmap_top(layout.mmap_top);
  memory_->set_stack_limit(stack_limit);

  name_ = found.program.name;
  load::StartInput input;
  input.arguments = std::move(found.arguments);
  input.environment = environment;
  input.executable_name = found.executable_name;
  input.stack_limit = stack_limit;
  input.auxiliary = auxiliary_values(*machine_);
  input.auxiliary.keeps_place_of_syscall_entry = process_->random != nullptr;
  PayloadMemory target(*memory_, stack_limit);
  const auto start = load::load_program(found.program, input, layout, random, target);
  if (!start) return tl::make_unexpected(start.error());
  process_->set_executable(found.executable);
  process_->image = program_image(found.program, *start, *machine_);
  if (auto kept = keep_executable(found.program.file.fd()); !kept) return monitor_failed(kept.error());
  sys::renew_proc_root(*main_task_);
  show_as_payload(*start, found.executable_name);
  sys::apply_memory_limits(*main_task_);
  main_task_->cpu().start_at(start->entry, start->stack_pointer);
  return {};
}

void Monitor::attach_starter(int pipe) {
  if (pipe < 0) return;
  tell_begun(pipe);
  UniqueFd fd(pipe);
  if (keep(fd)) starter_.attach(std::move(fd));
}

void Monitor::adopt_descriptors(const Handover* handover) {
  sys::adopt_inherited_fds(*main_task_, handover != nullptr);
}

void Monitor::run() {
  signal::bind_host_thread(main_task_.get());
  signal::refresh_core_signals(*process_);
  const int status = run_task(*main_task_);
  exit_host_thread(status, main_task_->clear_child_tid);
}

void Monitor::leave_core(task::Task& task, const signal::FatalSignal& signal, const LastCall& call) {
  const auto path = wanted_core(task, signal);
  if (!path) return;
  signal::block_host_signals();
  write_core_file(task, signal, call, thread_stop_->stop_others(task), machine_->xcr0(), *path);
}

void Monitor::end_process(task::Task& task, const Outcome& outcome, const LastCall& call) {
  const bool shares_memory = task.process().shares_memory;
  if (!shares_memory && !ThreadStop::begin()) thread_stop_->park(task, call);
  if (outcome.kind == Outcome::Kind::Killed) leave_core(task, outcome.signal, call);
  if (trace_) trace_->write_outcome(outcome);
  task.process().for_each_thread([](task::Task& thread) { task::release_robust_list(thread); });
  if (shares_memory) {
    clear_tid_word(task.clear_child_tid);
  } else {
    registration_.withdraw();
  }
  if (reports_faults_ && !shares_memory) report_fault(outcome, name_);
  run::end_process(outcome);
}

void Monitor::adopt_limits(const mem::StartLimits& original) {
  const mem::StartLimits now = mem::current_limits();
  if (now.stack.rlim_cur != original.stack.rlim_cur) process_->limits.set(RLIMIT_STACK, original.stack);
  if (now.address_space.rlim_cur != original.address_space.rlim_cur) {
    process_->limits.set(RLIMIT_AS, original.address_space);
  }
  if (now.personality != original.personality) process_->personality = original.personality;
}

load::Loaded<Outcome> run_payload(const config::Options& options, char** environment, char** argv,
                                  const std::optional<mem::StartLimits>& original) {
  std::vector<std::string> arguments = options.arguments;
  arguments.insert(arguments.begin(), options.argv0.empty() ? options.program : options.argv0);
  auto found = find_program(options.program, std::move(arguments));
  if (!found) return tl::make_unexpected(found.error());
  const mem::StartLimits limits = original.value_or(mem::current_limits());
  if (!mem::reserve_guest_ranges()) {
    return monitor_failed(mem::retry_with_relaxed_limits([&] {
      if (const auto file = make_start_limits_file(limits)) execute_again(*file, argv, environment);
    }));
  }
  auto monitor = Monitor::create(options, nullptr);
  if (!monitor) return monitor_failed(monitor.error());
  (*monitor)->adopt_limits(limits);
  if (auto loaded = (*monitor)->load(std::move(*found), strings_of(environment)); !loaded) {
    return tl::make_unexpected(loaded.error());
  }
  (*monitor)->report_faults();
  (*monitor)->enroll(options.program);
  (*monitor)->adopt_descriptors(nullptr);
  // The payload ends with this process: nothing is taken down in between.
  monitor->release()->run();
}

load::Loaded<Outcome> continue_payload(Handover handover, char** argv) {
  if (!mem::reserve_guest_ranges()) {
    return monitor_failed(mem::retry_with_relaxed_limits([&] {
      if (const auto file = make_handover_file(handover)) execute_again(*file, argv, environ);
    }));
  }
  auto interpreter = [&handover](const std::string&) -> tl::expected<UniqueFd, int> {
    return UniqueFd(std::exchange(handover.interpreter_fd, -1));
  };
  auto program = load::prepare_program(UniqueFd(handover.program_fd), handover.name, interpreter);
  if (!program) return tl::make_unexpected(program.error());
  FoundProgram found{std::move(*program), handover.arguments, handover.executable_name, handover.executable};
  auto monitor = Monitor::create(handover.options, &handover);
  if (!monitor) return monitor_failed(monitor.error());
  if (auto loaded = (*monitor)->load(std::move(found), handover.environment); !loaded) {
    return tl::make_unexpected(loaded.error());
  }
  (*monitor)->adopt_descriptors(&handover);
  monitor->release()->run();
}

}  // namespace kontain::run
