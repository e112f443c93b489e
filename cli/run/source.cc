#include "cli/run/source.h"

#include <elf.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/subprocess.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "cli/support/files.h"

namespace kontain::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostHeaders = 128;
constexpr size_t kLongestTable = 4 << 20;

bool is_executable_elf(const Elf64_Ehdr& header) {
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_ident[EI_CLASS] == ELFCLASS64 &&
         header.e_machine == EM_X86_64 && (header.e_type == ET_EXEC || header.e_type == ET_DYN) &&
         header.e_phentsize == sizeof(Elf64_Phdr) && header.e_phnum <= kMostHeaders;
}

Result<void> write_file(const std::string& path, const std::string& text) {
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file || write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return fail_errno("cannot write", path, errno);
  }
  return {};
}

}  // namespace

Result<SourceKind> kind_of_source(const std::string& source) {
  const UniqueFd file(open(source.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat info;
  Elf64_Ehdr header;
  if (!file || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return SourceKind::Image;
  if (pread(file.get(), &header, sizeof header, 0) != sizeof header) return SourceKind::Image;
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return SourceKind::Image;
  if (!is_executable_elf(header)) return fail(source, "", "is no x86-64 executable");
  for (size_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    const auto offset = static_cast<off_t>(header.e_phoff + i * sizeof segment);
    if (pread(file.get(), &segment, sizeof segment, offset) != sizeof segment) return fail(source, "", "is truncated");
    if (segment.p_type == PT_INTERP) {
      return fail(source, "", "needs libraries: put it into an image with them, or run it in this file system with km");
    }
  }
  if (access(source.c_str(), X_OK) != 0) return fail_errno(source, "", errno);
  return SourceKind::Program;
}

Result<void> make_empty_root(const std::string& folder) {
  const std::string root = folder + "/rootfs";
  for (const char* name : {"", "/dev", "/etc", "/proc", "/root", "/sys", "/tmp"}) {
    if (mkdir((root + name).c_str(), 0755) != 0) return fail_errno("cannot make", root + name, errno);
  }
  if (chmod((root + "/tmp").c_str(), 01777) != 0) return fail_errno("cannot make", root + "/tmp", errno);
  TRY(write_file(root + "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"));
  return write_file(root + "/etc/group", "root:x:0:\nnogroup:x:65534:\n");
}

Result<ImageDefaults> unpack_image(const std::string& source, const std::string& folder, bool rootless) {
  const std::string builder = own_folder() + "/kontain-build";
  if (access(builder.c_str(), X_OK) != 0) {
    return fail(source, "", "is no program, and images need kontain-build beside kontain");
  }
  const std::string unpacked = folder + "/image";
  std::vector<std::string> command = {builder, "unpack"};
  if (rootless) command.emplace_back("--rootless");
  command.insert(command.end(), {source, unpacked});
  TRY_ASSIGN(const SubprocessResult run, run_subprocess(command));
  if (run.exit_code != 0 || run.signal != 0) return fail(source, "", trimmed(run.err));
  const auto text = read_text(unpacked + "/image.json", kLongestTable);
  if (!text) return fail(source, "image.json", "kontain-build wrote none");
  TRY_ASSIGN(ImageDefaults image, parse_image_config(*text));
  if (rename((unpacked + "/rootfs").c_str(), (folder + "/rootfs").c_str()) != 0) {
    return fail_errno("cannot move", unpacked + "/rootfs", errno);
  }
  return image;
}

std::string read_in_root(const std::string& root, const std::string& path) {
  const UniqueFd folder(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  open_how how = {};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const UniqueFd file(static_cast<int>(syscall(SYS_openat2, folder.get(), path.c_str(), &how, sizeof how)));
  struct stat info;
  if (!file || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return "";
  std::string text(std::min(static_cast<size_t>(info.st_size), kLongestTable), '\0');
  const ssize_t size = pread(file.get(), text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return text;
}

Result<void> write_network_files(const Place& place, const std::string& hostname, const std::string& address,
                                 const std::vector<std::pair<std::string, std::string>>& known) {
  std::string hosts = "127.0.0.1\tlocalhost\n::1\tlocalhost\n";
  hosts += (address.empty() ? "127.0.1.1" : address) + "\t" + hostname + "\n";
  for (const auto& [other, name] : known) hosts += other + "\t" + name + "\n";
  TRY(write_file(place.folder + "/hosts", hosts));
  TRY(write_file(place.folder + "/hostname", hostname + "\n"));
  return write_file(place.folder + "/resolv.conf", place.resolver);
}

}  // namespace kontain::cli
