#include "km/sys/proc_content.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>

#include "km/procfs/render.h"
#include "km/sys/limits.h"
#include "km/sys/random.h"
#include "km/task/helper_thread.h"

namespace kontain::sys {
namespace {

constexpr uint64_t kLongestText = 8 << 20;  // arguments or environment: more than a start accepts

procfs::Mappings mappings_of(Task& task) {
  procfs::Mappings mappings;
  task.memory().for_each_mapping([&](const mem::MappingView& view) { mappings.push_back(view); });
  const task::ProgramImage& image = task.process().image;
  if (image.vdso_end > image.vdso_start) {
    mem::MappingView vdso;
    vdso.start = image.vdso_start;
    vdso.end = image.vdso_end;
    vdso.protection = PROT_READ | PROT_EXEC;
    vdso.name = "[vdso]";
    mappings.push_back(vdso);
  }
  return mappings;
}

void add_sizes(procfs::ProcessFacts& facts, const procfs::Mappings& mappings, const std::string& program) {
  for (const mem::MappingView& mapping : mappings) {
    const uint64_t size = mapping.end - mapping.start;
    facts.mapped += size;
    if (mapping.name == "[stack]") {
      facts.stack += size;
    } else if ((mapping.protection & PROT_WRITE) && !mapping.shared) {
      facts.data += size;
    } else if ((mapping.protection & PROT_EXEC) && mapping.inode != 0) {
      (mapping.name == program ? facts.executable : facts.libraries) += size;
    }
  }
}

void add_signals(procfs::ProcessFacts& facts, Task& task) {
  facts.blocked = task.signal_mask;
  for (int signal = 1; signal <= task::kSignalCount; ++signal) {
    const uint64_t bit = uint64_t{1} << (signal - 1);
    const task::SignalAction action = task.process().signals().get(signal);
    if (action.handler == task::SignalAction::kIgnore) facts.ignored |= bit;
    if (action.has_handler()) facts.caught |= bit;
  }
}

procfs::ProcessFacts facts_of(Task& task) {
  const task::ProgramImage& image = task.process().image;
  procfs::ProcessFacts facts;
  add_sizes(facts, mappings_of(task), executable_path(task));
  add_signals(facts, task);
  facts.threads = count_payload_threads(task);
  facts.stack_limit = payload_limit(task, RLIMIT_RSS).value_or(rlimit{}).rlim_cur;
  facts.start_code = image.code_start;
  facts.end_code = image.code_end;
  facts.start_stack = image.stack_pointer;
  facts.start_data = image.data_start;
  facts.end_data = image.data_end;
  facts.start_break = image.break_start;
  facts.argument_start = image.argument_start;
  facts.argument_end = image.argument_end;
  facts.environment_start = image.environment_start;
  facts.environment_end = image.environment_end;
  return facts;
}

// Payload memory as it is now: a program may have overwritten its arguments.
std::string guest_bytes(uint64_t start, uint64_t end) {
  if (end <= start) return "";
  std::string text(std::min(end - start, kLongestText), '\0');
  return mem::copy_in(text.data(), start, text.size()) ? text : "";
}

// A program that sets its title overwrites the last NUL and goes on into the environment (fs/proc/base.c,
// get_mm_cmdline): then the title ends at its first NUL.
std::string command_line(const task::ProgramImage& image) {
  std::string text = guest_bytes(image.argument_start, image.argument_end);
  if (text.empty() || text.back() == '\0') return text;
  const uint64_t end = std::max(image.argument_end, image.environment_end);
  text = guest_bytes(image.argument_start, end);
  const size_t nul = text.find('\0', image.argument_end - image.argument_start - 1);
  const size_t first = text.find('\0');
  return text.substr(0, nul == std::string::npos ? text.size() : std::min(first, nul) + 1);
}

std::string auxiliary_vector(const task::ProgramImage& image) {
  const auto& bytes = image.auxiliary_vector;
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string limits_text(Task& task) {
  std::array<rlimit, RLIM_NLIMITS> limits{};
  for (unsigned i = 0; i < limits.size(); ++i) limits[i] = payload_limit(task, i).value_or(rlimit{});
  return procfs::render_limits(limits);
}

SysResult write_all(int number, std::string_view text) {
  while (!text.empty()) {
    const SysResult written = host_at_once(SYS_write, number, text.data(), text.size());
    if (written.is_error()) return written;
    text.remove_prefix(static_cast<size_t>(written.raw()));
  }
  return SysResult::ok();
}

// Below the root of the procfs.
std::string path_of(const procfs::Name& name) {
  if (name.process == 0) return name.entry + "/" + name.rest;
  std::string path = std::to_string(name.process) + "/";
  if (name.thread != 0) path += "task/" + std::to_string(name.thread) + "/";
  return path + name.entry;
}

constexpr std::string_view kSnapshotPrefix = "/memfd:/proc/";
constexpr std::string_view kDeleted = " (deleted)";

GuestResult<fd::KeptFd> make_snapshot(Task& task, const ProcFile& file, const std::string& text) {
  const std::string name = "/proc/" + path_of(file.name);
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  auto made = keep_from_payload(task, [&] { return host(SYS_memfd_create, name.c_str(), kFlags); });
  if (!made) return made;
  const SysResult written = write_all(made->get(), text);
  if (written.is_error()) return tl::make_unexpected(Errno{written.error()});
  constexpr unsigned kReadOnly = 0444;
  host(SYS_fchmod, made->get(), kReadOnly);
  host_at_once(SYS_fcntl, made->get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  return made;
}

// Nothing: the process has gone.
std::string render_foreign_file(Task& task, const procfs::Name& name) {
  constexpr size_t kThreadsField = 20;
  const std::string text = read_proc_text(task, path_of(name));
  const std::string stat = name.entry == "stat" ? text : read_proc_text(task, std::to_string(name.process) + "/stat");
  // Most processes have one thread.
  if (procfs::stat_field(stat, kThreadsField) <= 1) return text;
  const uint64_t threads = std::max<uint64_t>(count_foreign_threads(task, name.process), 1);
  if (text.empty()) return text;
  return name.entry == "stat" ? procfs::render_foreign_stat(text, threads)
                              : procfs::render_foreign_status(text, threads);
}

}  // namespace

std::string render_proc_file(Task& task, const ProcFile& file) {
  if (file.name.process == 0) return seeded_uuid(task);
  if (!file.own) return render_foreign_file(task, file.name);
  const std::string& entry = file.name.entry;
  const task::ProgramImage& image = task.process().image;
  const auto host_text = [&] { return read_proc_text(task, path_of(file.name)); };
  const auto host_smaps = [&] { return read_host_file(proc_root(task).smaps_fd); };
  if (entry == "maps") return procfs::render_maps(mappings_of(task));
  if (entry == "smaps") return procfs::render_smaps(mappings_of(task), host_smaps());
  if (entry == "smaps_rollup") return procfs::render_smaps_rollup(mappings_of(task), host_smaps());
  if (entry == "cmdline") return command_line(image);
  if (entry == "environ") return guest_bytes(image.environment_start, image.environment_end);
  if (entry == "auxv") return auxiliary_vector(image);
  if (entry == "limits") return limits_text(task);
  if (entry == "personality") return "00000000\n";
  if (entry == "status") return procfs::render_status(host_text(), facts_of(task));
  if (entry == "stat") return procfs::render_stat(host_text(), facts_of(task));
  if (entry == "statm") return procfs::render_statm(host_text(), facts_of(task));
  return "";
}

SysResult serve_proc_file(Task& task, const ProcFile& file, int number, uint64_t open_flags) {
  // The host would say of the caller's thread that it waits for the helper.
  if (task::is_helper_thread()) {
    task::ask_for_own_thread();
    return Errno{ENOENT};
  }
  const std::string text = render_proc_file(task, file);
  if (!file.own && text.empty()) return Errno{ESRCH};
  GUEST_TRY_ASSIGN(const fd::KeptFd snapshot, make_snapshot(task, file, text));
  // Opened again, so that the payload's descriptor is for reading only.
  const std::string name = proc_fd_name(snapshot.get());
  GUEST_TRY_ASSIGN(const fd::KeptFd readable, keep_from_payload(task, [&] {
                     return host_at_once(SYS_openat, proc_root(task).fd, name.c_str(), O_RDONLY | O_CLOEXEC);
                   }));
  return host(SYS_dup3, readable.get(), number, static_cast<int>(open_flags & O_CLOEXEC));
}

std::optional<std::string> generated_name(const std::string& target) {
  if (!target.starts_with(kSnapshotPrefix)) return std::nullopt;
  std::string name = target.substr(kSnapshotPrefix.find('/', 1));
  if (name.ends_with(kDeleted)) name.resize(name.size() - kDeleted.size());
  return name;
}

}  // namespace kontain::sys
