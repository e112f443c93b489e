#include "imagebuild/runenv/launcher.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <span>

#include "base/abi/note.h"
#include "base/abi/note_reader.h"
#include "base/checked.h"
#include "imagebuild/context/folder.h"
#include "imagebuild/tar/stream.h"

namespace kontain::image::runenv {
namespace {

constexpr std::string_view kToolchain = "kontain-build runenv";
constexpr size_t kNoteAlignment = 4;
constexpr size_t kLargestProgram = size_t{256} << 20;  // bytes

template <class T>
void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string note() {
  std::string descriptor;
  append(descriptor, abi::NoteHeader{.abi_version = abi::kAbiVersion,
                                     .header_size = sizeof(abi::NoteHeader),
                                     .minimum_km_version = 0,
                                     .flags = 0,
                                     .toolchain_size = kToolchain.size()});
  descriptor += kToolchain;
  std::string out;
  append(out, Elf64_Nhdr{.n_namesz = sizeof abi::kNoteOwner,
                         .n_descsz = static_cast<Elf64_Word>(descriptor.size()),
                         .n_type = abi::kNoteType});
  out.append(abi::kNoteOwner, sizeof abi::kNoteOwner);
  out += descriptor;
  out.resize(align_up(out.size(), kNoteAlignment), '\0');
  return out;
}

template <class T>
T value_at(const std::string& bytes, size_t offset) {
  T value;
  memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

// Where in the file the header is that may become the note's. The header table lies inside the file.
std::optional<size_t> spare_header(const std::string& program, const Elf64_Ehdr& header) {
  const auto segment = [&](size_t i) { return value_at<Elf64_Phdr>(program, header.e_phoff + i * sizeof(Elf64_Phdr)); };
  for (size_t i = 0; i < header.e_phnum; ++i) {
    if (segment(i).p_type != PT_NOTE) continue;
    for (size_t other = 0; other < header.e_phnum; ++other) {
      const bool same =
          segment(other).p_offset == segment(i).p_offset && segment(other).p_filesz == segment(i).p_filesz;
      if (segment(other).p_type == PT_GNU_PROPERTY && same) return header.e_phoff + i * sizeof(Elf64_Phdr);
    }
  }
  return std::nullopt;
}

}  // namespace

Result<std::string> with_note(std::string program, std::string_view name) {
  const auto known = abi::read_kontain_note({reinterpret_cast<const uint8_t*>(program.data()), program.size()});
  if (!known) return fail("launcher", name, known.error().message());
  if (*known) return fail("launcher", name, "it has a Kontain note already");
  const auto header = value_at<Elf64_Ehdr>(program, 0);
  const bool runs = header.e_machine == EM_X86_64 && (header.e_type == ET_EXEC || header.e_type == ET_DYN);
  if (!runs) return fail("launcher", name, "no program for x86-64");
  const auto spare = header.e_phnum == 0 ? std::nullopt : spare_header(program, header);
  if (!spare) return fail("launcher", name, "no program header can become that of the note");
  program.resize(align_up(program.size(), kNoteAlignment), '\0');
  auto segment = value_at<Elf64_Phdr>(program, *spare);
  const std::string added = note();
  segment.p_offset = program.size();
  segment.p_filesz = segment.p_memsz = added.size();
  segment.p_align = kNoteAlignment;
  memcpy(program.data() + *spare, &segment, sizeof segment);
  program += added;
  return program;
}

Result<void> make_launchers(const std::map<std::string, std::string>& launchers, const std::string& folder) {
  if (launchers.empty()) return {};
  const std::string made = folder + "/launchers";
  if (mkdir(made.c_str(), 0755) != 0) return fail_errno(made, "", errno);
  TRY_ASSIGN(const context::Folder packages, context::Folder::open(folder + "/debian"));
  for (const auto& [name, path] : launchers) {
    TRY_ASSIGN(UniqueFd fd, packages.open_file(path));
    FdSource source(std::move(fd), path);
    TRY_ASSIGN(std::string program, read_all(source, kLargestProgram, path));
    TRY_ASSIGN(const std::string with, with_note(std::move(program), path));
    const std::string file = made + "/" + name;
    const UniqueFd out(open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755));
    if (!out) return fail_errno(file, "", errno);
    FdSink sink(out.get(), file);
    TRY(sink.write(with));
    if (fchmod(out.get(), 0755) != 0) return fail_errno(file, "", errno);
  }
  return {};
}

}  // namespace kontain::image::runenv
