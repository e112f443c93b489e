#include "km/core/core_notes.h"

#include <elf.h>
#include <sys/procfs.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "base/checked.h"

namespace kontain::core {
namespace {

using Bytes = std::vector<std::byte>;

constexpr size_t kLegacySize = 512;    // SDM volume 1, 13.4.1
constexpr size_t kXsaveHeader = 64;    // 13.4.2
constexpr size_t kSoftwareMask = 464;  // where debuggers look for xcr0 (asm/user.h: struct user_xstateregs)

static_assert(sizeof(elf_prstatus) == 336 && sizeof(elf_prpsinfo) == 136);
static_assert(sizeof(elf_gregset_t) == sizeof(user_regs_struct));

template <class T>
std::span<const std::byte> bytes_of(const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return std::as_bytes(std::span(&value, 1));
}

void append(Bytes& to, std::span<const std::byte> bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }
void append_string(Bytes& to, std::string_view text) {
  append(to, std::as_bytes(std::span(text)));
  to.push_back(std::byte{0});
}
void pad(Bytes& to) { to.resize(align_up(to.size(), 4)); }

void append_note(Bytes& notes, std::string_view owner, uint32_t type, std::span<const std::byte> contents) {
  const Elf64_Nhdr header = {.n_namesz = static_cast<uint32_t>(owner.size() + 1),
                             .n_descsz = static_cast<uint32_t>(contents.size()),
                             .n_type = type};
  append(notes, bytes_of(header));
  append_string(notes, owner);
  pad(notes);
  append(notes, contents);
  pad(notes);
}

elf_prstatus thread_status(const CoreInput& input, const CoreThread& thread) {
  elf_prstatus status{};
  status.pr_info.si_signo = input.signal.si_signo;
  status.pr_cursig = static_cast<short>(input.signal.si_signo);
  status.pr_sigpend = thread.pending;
  status.pr_sighold = thread.held;
  status.pr_pid = thread.tid;
  status.pr_ppid = input.process.ppid;
  status.pr_pgrp = input.process.pgrp;
  status.pr_sid = input.process.sid;
  status.pr_utime = thread.user_time;
  status.pr_stime = thread.system_time;
  std::memcpy(&status.pr_reg, &thread.registers, sizeof status.pr_reg);
  status.pr_fpvalid = thread.xsave.empty() ? 0 : 1;
  return status;
}

// argv with spaces between, as ps shows it.
std::string joined(const std::vector<std::string>& arguments) {
  std::string text;
  for (const std::string& argument : arguments) text += (text.empty() ? "" : " ") + argument;
  return text;
}

elf_prpsinfo process_info(const CoreProcess& process) {
  constexpr std::string_view kStates = "RSDTZW";  // fs/binfmt_elf.c: fill_psinfo
  const size_t state = kStates.find(process.state);
  elf_prpsinfo info{};
  info.pr_state = static_cast<char>(state == std::string_view::npos ? 0 : state);
  info.pr_sname = state == std::string_view::npos ? '.' : process.state;
  info.pr_zomb = process.state == 'Z';
  info.pr_nice = process.nice;
  info.pr_uid = process.uid;
  info.pr_gid = process.gid;
  info.pr_pid = process.pid;
  info.pr_ppid = process.ppid;
  info.pr_pgrp = process.pgrp;
  info.pr_sid = process.sid;
  const std::string arguments = joined(process.arguments);
  std::memcpy(info.pr_fname, process.name.data(), std::min(process.name.size(), sizeof info.pr_fname - 1));
  std::memcpy(info.pr_psargs, arguments.data(), std::min(arguments.size(), sizeof info.pr_psargs - 1));
  return info;
}

bool has_file(const CoreMapping& mapping) {
  return mapping.file_name.starts_with('/');  // what has no file is [heap], [stack], [vvar]
}

// fs/binfmt_elf.c: fill_files_note. Count, page size, then start, end and offset in pages of each; then the names.
Bytes file_table(const std::vector<CoreMapping>& mappings) {
  Bytes table;
  Bytes names;
  const uint64_t head[] = {static_cast<uint64_t>(std::count_if(mappings.begin(), mappings.end(), has_file)), kPageSize};
  append(table, bytes_of(head));
  for (const CoreMapping& mapping : mappings) {
    if (!has_file(mapping)) continue;
    const uint64_t row[] = {mapping.start, mapping.end, mapping.file_offset / kPageSize};
    append(table, bytes_of(row));
    append_string(names, mapping.file_name.c_str());
  }
  append(table, names);
  return table;
}

void append_float_state(Bytes& notes, const CoreThread& thread, uint64_t xcr0) {
  if (thread.xsave.size() < kLegacySize + kXsaveHeader) return;
  Bytes image = thread.xsave;
  std::memcpy(image.data() + kSoftwareMask, &xcr0, sizeof xcr0);
  append_note(notes, "CORE", NT_FPREGSET, std::span(image).first(kLegacySize));
  append_note(notes, "LINUX", NT_X86_XSTATE, image);
}

void append_process_notes(Bytes& notes, const CoreInput& input) {
  append_note(notes, "CORE", NT_PRPSINFO, bytes_of(process_info(input.process)));
  append_note(notes, "CORE", NT_SIGINFO, bytes_of(input.signal));
  append_note(notes, "CORE", NT_AUXV, input.auxv);
  append_note(notes, "CORE", NT_FILE, file_table(input.mappings));
}

}  // namespace

std::vector<std::byte> core_notes(const CoreInput& input) {
  Bytes notes;
  bool first = true;
  for (const CoreThread& thread : input.threads) {
    append_note(notes, "CORE", NT_PRSTATUS, bytes_of(thread_status(input, thread)));
    if (std::exchange(first, false)) append_process_notes(notes, input);
    append_float_state(notes, thread, input.xcr0);
  }
  return notes;
}

}  // namespace kontain::core
