#include "km/core/core_file.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace kontain::core {
namespace {

// A name that becomes part of a path may not lead anywhere (fs/coredump.c: cn_esc_printf).
std::string one_component(std::string text) {
  if (text.empty()) return "!";
  if (text == "." || text == "..") text.front() = '!';
  std::replace(text.begin(), text.end(), '/', '!');
  return text;
}

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// What `%specifier` stands for; an unknown one for nothing.
std::string expansion(char specifier, const CoreNames& names) {
  switch (specifier) {
    case '%': return "%";
    case 'p': return std::to_string(names.pid);
    case 'P': return std::to_string(names.initial_pid);
    case 'i': return std::to_string(names.tid);
    case 'I': return std::to_string(names.initial_tid);
    case 'u': return std::to_string(names.uid);
    case 'g': return std::to_string(names.gid);
    case 'd': return std::to_string(names.dumpable);
    case 's': return std::to_string(names.signal);
    case 't': return std::to_string(names.time);
    case 'c': return std::to_string(names.limit);
    case 'C': return std::to_string(names.cpu);
    case 'h': return one_component(names.host_name);
    case 'e': return one_component(names.command);
    case 'f': return one_component(last_part(names.executable));
    case 'E': return one_component(names.executable);
    default: return "";
  }
}

std::string expanded(std::string_view pattern, const CoreNames& names) {
  std::string path;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      path += pattern[i];
    } else if (++i < pattern.size()) {
      path += expansion(pattern[i], names);
    }
  }
  return path;
}

bool names_pid(std::string_view pattern) {
  for (size_t i = 0; i + 1 < pattern.size(); ++i) {
    if (pattern[i] == '%' && pattern[++i] == 'p') return true;
  }
  return false;
}

Result<UniqueFd> open_directory(const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_NO_MAGICLINKS;
  UniqueFd directory(static_cast<int>(syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
  if (!directory) return fail_errno("core dump", path, errno);
  return directory;
}

// Nobody put something else in its place while it was made.
bool is_ours(const struct stat& file) {
  const auto user = static_cast<uid_t>(setfsuid(static_cast<uid_t>(-1)));  // setfsuid(2): asks without changing
  return S_ISREG(file.st_mode) && file.st_nlink == 1 && file.st_uid == user && (file.st_mode & 0677) == 0600;
}

}  // namespace

std::optional<std::string> core_path(std::string_view pattern, bool uses_pid, const CoreNames& names) {
  if (pattern.ends_with('\n')) pattern.remove_suffix(1);
  if (pattern.starts_with('|') || pattern.starts_with('@')) return std::nullopt;
  std::string path = expanded(pattern, names);
  if (uses_pid && !names_pid(pattern)) path += "." + std::to_string(names.pid);
  if (path.empty()) return std::nullopt;
  return path;
}

Result<UniqueFd> create_core_file(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) {
    TRY_ASSIGN(const UniqueFd directory, open_directory("."));
    return create_core_file_in(directory, path);
  }
  TRY_ASSIGN(const UniqueFd directory, open_directory(path.substr(0, slash + 1)));
  return create_core_file_in(directory, path.substr(slash + 1));
}

Result<UniqueFd> create_core_file_in(const UniqueFd& directory, const std::string& name) {
  unlinkat(directory.get(), name.c_str(), 0);  // what cannot be removed is found by O_EXCL
  UniqueFd file(openat(directory.get(), name.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return fail_errno("core dump", name, errno);
  struct stat made = {};
  if (fstat(file.get(), &made) != 0) return fail_errno("core dump", name, errno);
  if (!is_ours(made)) return fail("core dump", name, "the file system gave it another owner, mode or name");
  return file;
}

}  // namespace kontain::core
