#include "krun/launch/launch.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

#include "base/abi/note_reader.h"
#include "base/text.h"
#include "krun/spec/reader.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

namespace kontain::krun::launch {
namespace {

constexpr char kDefaultPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr int kWholeSeal = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

Result<std::string> path_of_sibling() {
  std::array<char, PATH_MAX> name{};
  const ssize_t size = readlink("/proc/self/exe", name.data(), name.size() - 1);
  if (size <= 0) return fail_errno("readlink", "/proc/self/exe", errno);
  std::string path(name.data(), static_cast<size_t>(size));
  return path.substr(0, path.rfind('/') + 1) + "km";
}

// A mount of the one file, attached nowhere: it ends with its last user, and all containers share its pages.
UniqueFd clone_readonly(const std::string& path) {
  UniqueFd tree(open_tree(AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!tree) return {};
  mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  attributes.attr_clr = MOUNT_ATTR_NOEXEC;
  attributes.propagation = MS_PRIVATE;
  if (mount_setattr(tree.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0) return {};
  return tree;
}

Result<UniqueFd> copy_sealed(const std::string& path) {
  const UniqueFd source(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source) return fail_errno("km", path, errno);
  UniqueFd copy(memfd_create("km", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC));
  // Before Linux 6.3 every memory file is executable.
  if (!copy && errno == EINVAL) copy.reset(memfd_create("km", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!copy) return fail_errno("km", "memfd_create", errno);
  for (;;) {
    const ssize_t sent = sendfile(copy.get(), source.get(), nullptr, 16 << 20);
    if (sent < 0) return fail_errno("km", "copy", errno);
    if (sent == 0) break;
  }
  if (fchmod(copy.get(), 0555) != 0 || fcntl(copy.get(), F_ADD_SEALS, kWholeSeal) != 0) {
    return fail_errno("km", "seal", errno);
  }
  return copy;
}

// A user who cannot make mounts can use the file itself, if it is not that user's to write.
UniqueFd open_foreign(const std::string& path) {
  if (geteuid() == 0 || access(path.c_str(), W_OK) == 0) return {};
  UniqueFd fd(open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat info;
  if (!fd || fstat(fd.get(), &info) != 0 || info.st_uid == geteuid()) return {};
  return fd;
}

std::string variable(const std::vector<std::string>& environment, const std::string& name) {
  for (const std::string& entry : environment) {
    if (entry.compare(0, name.size() + 1, name + "=") == 0) return entry.substr(name.size() + 1);
  }
  return {};
}

enum class Found { Yes, Missing, Forbidden, Folder };

// As execve(2) would judge: links of the container are followed, those of a procfs that lead elsewhere never.
Found look_at(const std::string& path) {
  open_how how = {};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_NO_MAGICLINKS;
  const UniqueFd fd(static_cast<int>(syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
  struct stat info;
  if (!fd || fstat(fd.get(), &info) != 0) {
    return errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG ? Found::Missing : Found::Forbidden;
  }
  if (S_ISDIR(info.st_mode)) return Found::Folder;
  const bool runs =
      S_ISREG(info.st_mode) && syscall(SYS_faccessat2, fd.get(), "", X_OK, AT_EACCESS | AT_EMPTY_PATH) == 0;
  return runs ? Found::Yes : Found::Forbidden;
}

tl::unexpected<Error> cannot_execute(const std::string& name, const std::string& reason) {
  return fail("exec", "\"" + name + "\"", reason);
}

Result<UniqueFd> make_order_file(const abi::StartOrder& order) {
  const std::string bytes = abi::encode_start_order(order);
  UniqueFd fd(memfd_create("order", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd || pwrite(fd.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()) ||
      fcntl(fd.get(), F_ADD_SEALS, abi::kStartOrderSeals) != 0) {
    return fail_errno("start order", "memfd_create", errno);
  }
  return fd;
}

}  // namespace

Result<Monitor> open_monitor(const std::string& km_path) {
  std::string path = km_path;
  if (path.empty()) {
    TRY_ASSIGN(path, path_of_sibling());
  }
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return fail_errno("km", path, errno);
  if (!S_ISREG(info.st_mode)) return fail("km", path, "is no program");
  Monitor monitor;
  monitor.km = clone_readonly(path);
  if (!monitor.km) monitor.km = open_foreign(path);
  if (!monitor.km) {
    TRY_ASSIGN(monitor.km, copy_sealed(path));
  }
  monitor.kvm.reset(open("/dev/kvm", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!monitor.kvm) return fail_errno("cannot open", "/dev/kvm", errno);
  return monitor;
}

Result<std::string> find_program(const std::string& name, const std::vector<std::string>& environment) {
  if (name.empty()) return cannot_execute(name, "executable file not found in $PATH");
  if (name.find('/') != std::string::npos) {
    switch (look_at(name)) {
      case Found::Yes: return name;
      case Found::Missing: return cannot_execute(name, "stat " + name + ": no such file or directory");
      case Found::Folder: return cannot_execute(name, "is a directory: permission denied");
      case Found::Forbidden: return cannot_execute(name, "permission denied");
    }
  }
  const std::string path = variable(environment, "PATH");
  bool forbidden = false;
  for (const std::string& folder : split(path.empty() ? kDefaultPath : path, ':')) {
    std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
    const Found found = look_at(candidate);
    if (found == Found::Yes) return candidate;
    forbidden |= found == Found::Forbidden;
  }
  return cannot_execute(name, forbidden ? "permission denied" : "executable file not found in $PATH");
}

bool is_kontainer(int fd) {
  constexpr size_t kHead = 1 << 20;  // kontain-ld puts the notes at the front
  std::string head(kHead, '\0');
  const ssize_t size = pread(fd, head.data(), head.size(), 0);
  if (size <= 0) return false;
  const auto note = abi::read_kontain_note({reinterpret_cast<const uint8_t*>(head.data()), static_cast<size_t>(size)});
  return note && note->has_value();
}

Error execute(const Monitor& monitor, const Payload& payload, int first_closed) {
  abi::StartOrder order;
  order.kvm_fd = monitor.kvm.get();
  order.self_fd = monitor.km.get();
  order.starter_fd = payload.starter_fd;
  order.program = payload.program;
  order.arguments = payload.arguments;
  order.environment = payload.environment;
  order.annotations = payload.annotations;
  order.seccomp_filters = payload.seccomp_filters;
  order.seccomp_flags = payload.seccomp_flags;
  const auto file = make_order_file(order);
  if (!file) return file.error();
  if (syscall(SYS_close_range, static_cast<unsigned>(first_closed), ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
    return {"close_range", "", errno_text(errno), errno};
  }
  for (const int fd : {monitor.km.get(), monitor.kvm.get(), file->get(), payload.starter_fd}) {
    if (fd >= 0) fcntl(fd, F_SETFD, 0);
  }
  std::string variable_text = std::string(abi::kStartOrderVariable) + "=" + std::to_string(file->get());
  std::vector<char*> arguments;
  for (const std::string& argument : payload.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  char* environment[] = {variable_text.data(), nullptr};
  syscall(SYS_execveat, monitor.km.get(), "", arguments.data(), environment, AT_EMPTY_PATH);
  return {"cannot execute", "km", errno_text(errno), errno};
}

std::vector<std::string> with_home(std::vector<std::string> environment, uint32_t uid) {
  if (!variable(environment, "HOME").empty()) return environment;
  std::string home = "/";
  const auto users = spec::read_file("/etc/passwd", 4 << 20);
  for (const std::string& line : split(users ? *users : "", '\n')) {
    const std::vector<std::string> fields = split(line, ':');
    if (fields.size() >= 7 && fields[2] == std::to_string(uid)) {
      home = fields[5].empty() ? "/" : fields[5];
      break;
    }
  }
  environment.push_back("HOME=" + home);
  return environment;
}

}  // namespace kontain::krun::launch
