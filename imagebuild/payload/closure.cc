#include "imagebuild/payload/closure.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>

#include "base/mapping.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "imagebuild/payload/elf_needs.h"

namespace kontain::image {
namespace {

constexpr size_t kMostFiles = 10'000;
constexpr int kDeepestInclude = 8;
constexpr const char* kGlibcFolders[] = {
    "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"};

Result<std::optional<ElfNeeds>> read_needs(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) return fail_errno("open", path, errno);
  struct stat status{};
  if (fstat(fd.get(), &status) != 0) return fail_errno("stat", path, errno);
  if (!S_ISREG(status.st_mode) || status.st_size == 0) return std::nullopt;
  TRY_ASSIGN(const Mapping file,
             Mapping::create(static_cast<size_t>(status.st_size), PROT_READ, MAP_PRIVATE, fd.get()));
  return elf_needs({static_cast<const char*>(file.get()), file.size()});
}

// ldconfig's configuration: folders, one a line, and "include PATTERN".
void read_ld_so_conf(const std::string& path, int depth, std::vector<std::string>& folders) {
  std::ifstream file(path);
  for (std::string line; depth < kDeepestInclude && std::getline(file, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string first, pattern;
    words >> first;
    if (first == "include" && words >> pattern) {
      glob_t found{};
      if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; ++i) read_ld_so_conf(found.gl_pathv[i], depth + 1, folders);
      }
      globfree(&found);
    } else if (first.starts_with('/')) {
      folders.push_back(first);
    }
  }
}

std::vector<std::string> system_folders(const std::string& interpreter) {
  std::vector<std::string> folders;
  if (interpreter.find("ld-musl") != std::string::npos) {
    std::ifstream file("/etc/ld-musl-x86_64.path");
    for (std::string word; std::getline(file, word);) {
      for (const std::string& folder : split(word, ':')) folders.push_back(folder);
    }
    if (folders.empty()) folders = {"/lib", "/usr/local/lib", "/usr/lib"};
    return folders;
  }
  read_ld_so_conf("/etc/ld.so.conf", 0, folders);
  folders.insert(folders.end(), std::begin(kGlibcFolders), std::end(kGlibcFolders));
  return folders;
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::string expand(std::string text, const std::string& origin) {
  for (const std::string_view name : {"${ORIGIN}", "$ORIGIN"}) {
    for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + origin.size())) {
      text.replace(at, name.size(), origin);
    }
  }
  return text;
}

class Closure {
 public:
  Result<std::vector<ClosureFile>> run(const std::string& program) {
    const std::unique_ptr<char, decltype(&free)> absolute(realpath(program.c_str(), nullptr), free);
    if (!absolute) return fail_errno("open", program, errno);
    TRY_ASSIGN(const auto needs, read_needs(absolute.get()));
    if (!needs) return fail("closure", program, "not an x86-64 ELF program");
    folders_ = system_folders(needs->interpreter);
    if (!needs->interpreter.empty()) TRY(add(needs->interpreter, program));
    waiting_.push_back({absolute.get(), {}});
    while (!waiting_.empty()) {
      const Pending next = waiting_.front();
      waiting_.pop_front();
      TRY(add_libraries(next));
    }
    std::vector<ClosureFile> files;
    for (const auto& [image_path, host_path] : found_) files.push_back({image_path, host_path});
    return files;
  }

 private:
  struct Pending {
    std::string path;
    std::vector<std::string> rpath;  // of those who wanted it, unless it has a runpath
  };

  Result<void> add(const std::string& path, const std::string& wanted_by) {
    const std::unique_ptr<char, decltype(&free)> real(realpath(path.c_str(), nullptr), free);
    if (!real) return fail("closure", wanted_by, path + ": " + errno_text(errno));
    found_[path] = real.get();
    if (found_.size() > kMostFiles) return fail("closure", wanted_by, "more than 10000 libraries");
    return {};
  }

  Result<void> add_libraries(const Pending& user) {
    TRY_ASSIGN(const auto needs, read_needs(user.path));
    if (!needs) return fail("closure", user.path, "not an x86-64 ELF file");
    const std::string origin = folder_of(user.path);
    std::vector<std::string> rpath = user.rpath;
    if (needs->runpath.empty()) {
      for (const std::string& folder : needs->rpath) rpath.push_back(expand(folder, origin));
    }
    for (const std::string& library : needs->libraries) {
      if (!seen_.insert(library).second) continue;
      TRY_ASSIGN(const std::string path, find(library, needs->runpath, rpath, origin, user.path));
      if (found_.contains(path)) continue;
      TRY(add(path, user.path));
      waiting_.push_back({path, rpath});
    }
    return {};
  }

  Result<std::string> find(const std::string& library, const std::vector<std::string>& runpath,
                           const std::vector<std::string>& rpath, const std::string& origin, const std::string& user) {
    if (library.find('/') != std::string::npos) return expand(library, origin);
    std::vector<std::string> folders;
    if (runpath.empty()) folders = rpath;
    for (const std::string& folder : runpath) folders.push_back(expand(folder, origin));
    folders.insert(folders.end(), folders_.begin(), folders_.end());
    for (const std::string& folder : folders) {
      std::string path = folder + "/" + library;
      if (!folder.starts_with('/') || access(path.c_str(), R_OK) != 0) continue;
      const auto needs = read_needs(path);
      if (needs && *needs) return path;  // a 32-bit library of that name is none
    }
    return fail("closure", user, library + ": no such library");
  }

  std::vector<std::string> folders_;
  std::map<std::string, std::string> found_;
  std::set<std::string> seen_;
  std::deque<Pending> waiting_;
};

}  // namespace

Result<std::vector<ClosureFile>> elf_closure(const std::string& program) { return Closure().run(program); }

}  // namespace kontain::image
