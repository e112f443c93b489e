#include "km/run/core_dump.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "km/core/core_file.h"
#include "km/core/core_writer.h"
#include "km/mem/copy.h"
#include "km/run/core_memory.h"
#include "km/signal/host_signals.h"
#include "km/sys/limits.h"
#include "km/sys/proc_files.h"

namespace kontain::run {
namespace {

uint64_t core_limit(task::Task& task) {
  const auto limit = sys::payload_limit(task, RLIMIT_CORE);
  return limit ? limit->rlim_cur : 0;
}

std::string command_name() {
  std::array<char, 17> name{};
  prctl(PR_GET_NAME, name.data(), 0, 0, 0);
  return name.data();
}

core::CoreNames names_of(task::Task& task, int signal) {
  core::CoreNames names;
  names.pid = names.initial_pid = getpid();
  names.tid = names.initial_tid = task.tid();
  names.uid = getuid();
  names.gid = getgid();
  names.signal = signal;
  names.time = time(nullptr);
  names.limit = core_limit(task);
  names.cpu = static_cast<unsigned>(std::max(sched_getcpu(), 0));
  utsname system = {};
  if (uname(&system) == 0) names.host_name = system.nodename;
  names.command = command_name();
  names.executable = task.process().executable();
  return names;
}

// As the payload has them now.
std::vector<std::string> arguments_of(const task::ProgramImage& image) {
  constexpr uint64_t kShown = 80;  // bytes, with NULs: elf_prpsinfo holds no more
  if (image.argument_end <= image.argument_start) return {};
  std::string text(std::min(image.argument_end - image.argument_start, kShown), '\0');
  if (!mem::copy_in(text.data(), image.argument_start, text.size())) return {};
  std::vector<std::string> arguments;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\0', at), text.size());
    arguments.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return arguments;
}

core::CoreProcess describe_process(task::Task& task) {
  core::CoreProcess process;
  process.pid = getpid();
  process.ppid = getppid();
  process.pgrp = getpgrp();
  process.sid = getsid(0);
  process.uid = getuid();
  process.gid = getgid();
  process.nice = static_cast<int8_t>(getpriority(PRIO_PROCESS, 0));
  process.name = command_name();
  process.arguments = arguments_of(task.process().image);
  return process;
}

uint32_t dump_filter(task::Task& task) {
  const std::string text = sys::read_proc_text(task, "self/coredump_filter");
  return text.empty() ? core::kDefaultFilter : static_cast<uint32_t>(std::strtoul(text.c_str(), nullptr, 16));
}

}  // namespace

std::optional<std::string> wanted_core(task::Task& task, const signal::FatalSignal& signal) {
  const task::Process& process = task.process();
  if (!signal::dumps_core(signal.signal) || process.shares_memory || process.dumpable != 1) return std::nullopt;
  if (core_limit(task) < core::kMinimumLimit) return std::nullopt;
  const std::string pattern = sys::read_proc_text(task, "sys/kernel/core_pattern");
  const bool uses_pid = sys::read_proc_text(task, "sys/kernel/core_uses_pid").starts_with('1');
  if (pattern.empty()) return std::nullopt;  // there is no /proc: it may name a handler
  return core::core_path(pattern, uses_pid, names_of(task, signal.signal));
}

void write_core_file(task::Task& task, const signal::FatalSignal& signal, const LastCall& call,
                     std::vector<core::CoreThread> others, uint64_t xcr0, const std::string& path) {
  const fd::DescriptorRoom room(task.process().fds());
  core::CoreInput input;
  input.process = describe_process(task);
  input.threads.push_back(describe_thread(task, call));
  for (core::CoreThread& thread : others) input.threads.push_back(std::move(thread));
  input.signal = signal.info;
  input.mappings = core_mappings(task, procfs::parse_host_smaps(sys::read_host_file(sys::proc_root(task).smaps_fd)));
  input.auxv = task.process().image.auxiliary_vector;
  input.xcr0 = xcr0;
  input.filter = dump_filter(task);
  input.limit = core_limit(task);
  const auto file = core::create_core_file(path);
  if (!file) return;
  ProcessMemory memory(task.process().image, input.mappings);
  static_cast<void>(core::write_core(input, memory, *file));
}

}  // namespace kontain::run
