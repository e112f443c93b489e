#include "linker/note_calls.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <optional>

#include "base/abi/note.h"
#include "base/abi/syscalls.h"
#include "base/checked.h"
#include "base/log.h"
#include "base/unique_fd.h"
#include "linker/analyser/program.h"

namespace kontain::linker {
namespace {

using analyser::Bytes;

// Where the descriptor of the note begins in the file, if it has room for NoteCalls.
std::optional<uint64_t> find_descriptor(const analyser::ElfFile& file) {
  for (const Elf64_Phdr& segment : file.segments()) {
    if (segment.p_type != PT_NOTE) continue;
    const auto notes = analyser::slice(file.bytes(), segment.p_offset, segment.p_filesz);
    if (!notes) continue;
    const uint64_t padding = segment.p_align == 8 ? 8 : 4;
    uint64_t at = 0;
    while (const auto header = analyser::read_at<Elf64_Nhdr>(*notes, at)) {
      const uint64_t descriptor = align_up(at + sizeof(Elf64_Nhdr) + header->n_namesz, padding);
      const auto fields = analyser::read_at<abi::NoteHeader>(*notes, descriptor);
      if (header->n_type == abi::kNoteType && fields &&
          fields->header_size >= sizeof(abi::NoteHeader) + sizeof(abi::NoteCalls)) {
        return segment.p_offset + descriptor;
      }
      at = align_up(descriptor + header->n_descsz, padding);
    }
  }
  return std::nullopt;
}

template <class T>
Result<void> write_at(int fd, uint64_t offset, const T& value) {
  if (pwrite(fd, &value, sizeof value, static_cast<off_t>(offset)) != static_cast<ssize_t>(sizeof value)) {
    return fail_errno("error", "the Kontain note", errno);
  }
  return {};
}

Result<void> write_calls(const std::string& path, const analyser::ElfFile& file, uint64_t descriptor,
                         const analyser::ProgramCalls& calls) {
  abi::NoteCalls set{};
  for (const auto& [number, source] : calls.numbers) {
    if (number < abi::kSyscallLimit) set.words[number / 64] |= uint64_t{1} << number % 64;
  }
  auto header = *analyser::read_at<abi::NoteHeader>(file.bytes(), descriptor);
  header.flags |= abi::kNoteCalls;
  const UniqueFd out(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!out) return fail_errno("error", path, errno);
  TRY(write_at(out.get(), descriptor, header));
  return write_at(out.get(), descriptor + sizeof header, set);
}

void warn_of_refused(const std::string& path, const analyser::ProgramCalls& calls) {
  for (const auto& [number, source] : calls.numbers) {
    const abi::SyscallRow* row = abi::find_syscall(number);
    if (row && row->support != abi::Support::Refused) continue;
    const std::string name = row ? std::string(row->name) : "call " + std::to_string(number);
    print_warning(path + ": " + source.function + ": " + name + " always fails under km");
  }
}

void warn_of_unknown(const std::string& path, const analyser::ProgramCalls& calls) {
  for (const analyser::Source& source : calls.unknown) {
    print_warning(path + ": " + source.function + ": the number of a system call was not found");
  }
}

}  // namespace

Result<void> write_note_calls(const std::string& path, Warnings warnings) {
  TRY_ASSIGN(analyser::Program program, analyser::load_program(path, {}));
  const analyser::ElfFile& file = program.images[0]->file();
  if (!file.interpreter().empty() || !file.needed().empty()) return {};
  const analyser::ProgramCalls calls = analyser::find_calls(program);
  if (warnings != Warnings::None) warn_of_refused(path, calls);
  if (warnings == Warnings::All) warn_of_unknown(path, calls);
  const std::optional<uint64_t> descriptor = find_descriptor(file);
  if (!descriptor || !calls.unknown.empty() || !calls.legacy.empty()) return {};
  return write_calls(path, file, *descriptor, calls);
}

}  // namespace kontain::linker
