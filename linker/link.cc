#include "linker/link.h"

#include <lld/Common/Driver.h>
#include <llvm/Config/llvm-config.h>
#include <llvm/Support/raw_ostream.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <span>
#include <string_view>

#include "base/abi/note.h"
#include "base/unique_fd.h"
#include "base/version.h"
#include "linker/layout.h"
#include "linker/note_calls.h"
#include "linker/note_object.h"
#include "linker/response_file.h"

LLD_HAS_DRIVER(elf)

namespace kontain::linker {
namespace {

// Ours alone, on kontain-ld's command line.
constexpr std::string_view kCheckOption = "--kontain-check";
constexpr std::string_view kNoCheckOption = "--no-kontain-check";

Result<void> write_all(int fd, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno("error", "the Kontain note", errno);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

// The note as a file without a name, so that nothing is left behind however the link ends.
Result<UniqueFd> open_note_object() {
  UniqueFd file(memfd_create("kontain-note", MFD_CLOEXEC));
  if (!file) return fail_errno("error", "memfd_create", errno);
  const std::vector<uint8_t> object = make_note_object(
      {.minimum_km_version = abi::pack_version(0, 1, 0), .flags = 0, .toolchain = toolchain_identity()});
  TRY(write_all(file.get(), object));
  return file;
}

// Removes our options from `args` and says what they ask for; the last one counts.
Warnings take_warnings(std::vector<std::string>& args) {
  Warnings warnings = Warnings::Refused;
  for (const std::string& arg : args) {
    if (arg == kCheckOption) warnings = Warnings::All;
    if (arg == kNoCheckOption || arg == "-w" || arg == "--no-warnings") warnings = Warnings::None;
  }
  std::erase_if(args, [](const std::string& arg) { return arg == kCheckOption || arg == kNoCheckOption; });
  return warnings;
}

}  // namespace

std::string toolchain_identity() { return version_line("kontain-ld") + " clang " LLVM_VERSION_STRING; }

std::string lld_version_line() { return "LLD " LLVM_VERSION_STRING " (compatible with GNU linkers)"; }

Result<int> link(const std::vector<std::string>& args) {
  TRY_ASSIGN(const std::vector<std::string> expanded, expand_response_files(args));
  std::vector<std::string> final_args = with_layout(expanded);
  const Warnings warnings = take_warnings(final_args);
  std::optional<UniqueFd> note;
  if (is_executable(output_kind(expanded))) {
    TRY_ASSIGN(note, open_note_object());
    final_args.push_back("/proc/self/fd/" + std::to_string(note->get()));
  }
  // LLD takes the prefix of its messages and its flavour from the program's name.
  std::vector<const char*> argv = {"kontain-ld"};
  for (const std::string& arg : final_args) argv.push_back(arg.c_str());
  const lld::Result result = lld::lldMain(argv, llvm::outs(), llvm::errs(), {{lld::Gnu, &lld::elf::link}});
  llvm::outs().flush();
  if (!result.canRunAgain) return fail("error", "", "the linker crashed");
  if (result.retCode != 0) return 1;
  const std::string path = output_path(expanded);
  // What is no regular file (/dev/null, a pipe) cannot be looked at again.
  struct stat facts{};
  if (note && stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode)) TRY(write_note_calls(path, warnings));
  return 0;
}

}  // namespace kontain::linker
