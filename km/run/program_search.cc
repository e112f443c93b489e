#include "km/run/program_search.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/procfs.h"
#include "base/text.h"
#include "km/elf/shebang.h"
#include "km/run/outcome.h"

namespace kontain::run {
namespace {

constexpr int kScriptDepth = 5;  // as Linux: BINPRM's recursion limit
constexpr char kDefaultPath[] = "/usr/local/bin:/usr/bin:/bin";

tl::unexpected<load::LoadError> not_started(const std::string& name, int errno_value) {
  const bool missing = errno_value == ENOENT || errno_value == ENOTDIR || errno_value == ENAMETOOLONG;
  return tl::make_unexpected(load::LoadError{{name, "cannot open the program", errno_text(errno_value), errno_value},
                                             missing ? kExitNotFound : kExitNotRunnable,
                                             errno_value});
}

struct OpenedFile {
  UniqueFd fd;
  std::string path;
};

// O_NONBLOCK: a pipe must not make us wait; it is refused later.
UniqueFd open_file(const std::string& path) {
  return UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
}

load::Loaded<OpenedFile> open_program(const std::string& name) {
  OpenedFile file = {open_file(name), name};
  if (file.fd) return file;
  const int first_error = errno;
  if (first_error != ENOENT || name.empty() || name.find('/') != std::string::npos) {
    return not_started(name, first_error);
  }
  const char* path = getenv("PATH");
  for (const std::string& folder : split(path ? path : kDefaultPath, ':')) {
    const std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
    if (access(candidate.c_str(), X_OK) != 0) continue;
    file = {open_file(candidate), candidate};
    if (file.fd) return file;
  }
  return not_started(name, first_error);
}

std::string real_path(const UniqueFd& fd) {
  std::array<char, 4096> target;
  const std::string link = "thread-self/fd/" + std::to_string(fd.get());
  const ssize_t size = readlinkat(held_procfs(), link.c_str(), target.data(), target.size());
  return size > 0 ? std::string(target.data(), static_cast<size_t>(size)) : std::string();
}

tl::expected<UniqueFd, int> open_directly(const std::string& path) {
  UniqueFd fd = open_file(path);
  if (!fd) return tl::make_unexpected(errno);
  return fd;
}

tl::expected<UniqueFd, int> open_without_magic_links(const std::string& path) {
  const open_how how = {O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0, RESOLVE_NO_MAGICLINKS};
  UniqueFd fd(static_cast<int>(syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
  if (!fd) return tl::make_unexpected(errno);
  return fd;
}

load::Loaded<std::optional<elf::Shebang>> read_shebang(const UniqueFd& fd, const std::string& name) {
  struct stat status;
  if (fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  std::array<std::byte, elf::kScriptHead> head;
  const ssize_t size = pread(fd.get(), head.data(), head.size(), 0);
  if (size <= 0) return std::nullopt;
  auto parsed = elf::parse_shebang({head.data(), static_cast<size_t>(size)});
  if (!parsed) return tl::make_unexpected(load::to_load_error(parsed.error(), name));
  return *parsed;
}

// argv of a script: the interpreter, its argument, the script, then the script's own arguments.
void put_interpreter_in_front(std::vector<std::string>& arguments, const elf::Shebang& shebang,
                              const std::string& script) {
  std::vector<std::string> front = {shebang.interpreter};
  if (shebang.argument) front.push_back(*shebang.argument);
  front.push_back(script);
  if (!arguments.empty()) arguments.erase(arguments.begin());
  arguments.insert(arguments.begin(), front.begin(), front.end());
}

// Follows #! lines to a program. `may_reopen`: an interpreter could open the first file by its name.
load::Loaded<FoundProgram> follow_scripts(OpenedFile file, std::vector<std::string> arguments, bool may_reopen,
                                          const task::OpenForExec& open) {
  // AT_EXECFN and the process's name stay those of the script (linux/fs/exec.c, bprm->filename).
  const std::string first = file.path;
  for (int depth = 0; depth <= kScriptDepth; ++depth) {
    auto shebang = read_shebang(file.fd, file.path);
    if (!shebang) return tl::make_unexpected(shebang.error());
    if (!*shebang) {
      std::string executable = real_path(file.fd);
      auto program = load::prepare_program(std::move(file.fd), file.path, open);
      if (!program) return tl::make_unexpected(program.error());
      return FoundProgram{std::move(*program), std::move(arguments), first, std::move(executable)};
    }
    if (!may_reopen) return not_started(file.path, ENOENT);
    // A script needs the permission to be executed like any program.
    auto checked = load::ProgramFile::from_fd(std::move(file.fd));
    if (!checked) return tl::make_unexpected(load::to_load_error(checked.error(), file.path));
    put_interpreter_in_front(arguments, **shebang, file.path);
    auto next = open((*shebang)->interpreter);
    if (!next) return not_started((*shebang)->interpreter, next.error());
    file = {std::move(*next), (*shebang)->interpreter};
  }
  return tl::make_unexpected(
      load::LoadError{{file.path, "cannot be started", "too many levels of scripts", ELOOP}, kExitNotRunnable, ELOOP});
}

}  // namespace

load::Loaded<FoundProgram> find_program(const std::string& name, std::vector<std::string> arguments) {
  auto file = open_program(name);
  if (!file) return tl::make_unexpected(file.error());
  return follow_scripts(std::move(*file), std::move(arguments), true, open_directly);
}

load::Loaded<FoundProgram> find_program_of_image(const std::string& path, std::vector<std::string> arguments) {
  auto file = open_without_magic_links(path);
  if (!file) return not_started(path, file.error());
  return follow_scripts({std::move(*file), path}, std::move(arguments), true, open_without_magic_links);
}

load::Loaded<FoundProgram> judge_program(task::ExecRequest& request) {
  return follow_scripts({std::move(request.file), request.name}, std::move(request.arguments),
                        !request.name_ends_with_exec, request.open);
}

}  // namespace kontain::run
