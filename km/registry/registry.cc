#include "km/registry/registry.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>

namespace kontain::registry {
namespace {

constexpr char kWhat[] = "registry";
constexpr int kEnrollScan = 256;  // files looked at on the way in; list() looks at all
constexpr int kTries = 8;

// Opens the folder; nobody but `owner` may be able to put files there.
Result<UniqueFd> open_folder(const std::string& folder, uid_t owner) {
  UniqueFd opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!opened) return fail_errno(kWhat, folder, errno);
  struct stat info;
  if (fstat(opened.get(), &info) != 0) return fail_errno(kWhat, folder, errno);
  const bool is_private = info.st_uid == owner && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  if (!is_private) return fail(kWhat, folder, "others can write this folder");
  return opened;
}

// Calls `visit(name)` for the files of an open folder until it returns false.
void for_each_file(int folder, const std::function<bool(const char*)>& visit) {
  const int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(own < 0 ? nullptr : fdopendir(own), closedir);
  if (!stream) return;
  while (const dirent* entry = readdir(stream.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != ".." && !visit(entry->d_name)) return;
  }
}

// Opens a regular file of the folder for reading: never a link, never waiting for the other end of a pipe.
UniqueFd open_file(int folder, const char* name) {
  UniqueFd file(openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat info;
  if (file && (fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode))) file.reset();
  return file;
}

// Removes the file when nobody holds its lock: true. Removed under the lock, so that enroll() notices (lock_new_file).
bool remove_if_stale(int folder, const char* name, const UniqueFd& file) {
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) return false;
  unlinkat(folder, name, 0);
  return true;
}

void remove_stale_files(int folder) {
  int left = kEnrollScan;
  for_each_file(folder, [&](const char* name) {
    const UniqueFd file = open_file(folder, name);
    if (file) remove_if_stale(folder, name, file);
    return --left > 0;
  });
}

std::string new_name(pid_t pid) {
  uint32_t random = 0;
  if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0) random = 0;
  std::array<char, 40> name{};
  std::snprintf(name.data(), name.size(), "%d-%08x.json", pid, random);
  return name.data();
}

// A new file with its lock; without value when another process took it for a stale one in between.
Result<std::optional<UniqueFd>> lock_new_file(int folder, const std::string& name) {
  UniqueFd file(openat(folder, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file && errno == EEXIST) return std::optional<UniqueFd>();
  if (!file) return fail_errno(kWhat, name, errno);
  struct stat info;
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0 || fstat(file.get(), &info) != 0 || info.st_nlink == 0) {
    return std::optional<UniqueFd>();
  }
  return std::optional<UniqueFd>(std::move(file));
}

Result<void> write_text(const UniqueFd& file, const std::string& text) {
  const ssize_t written = write(file.get(), text.data(), text.size());
  if (written < 0) return fail_errno(kWhat, "", errno);
  if (static_cast<size_t>(written) != text.size()) return fail(kWhat, "", "the file system is full");
  return {};
}

std::optional<Entry> read_entry(const UniqueFd& file) {
  std::string text(kMaximumText + 1, '\0');
  const ssize_t size = pread(file.get(), text.data(), text.size(), 0);
  if (size < 0) return std::nullopt;
  auto entry = decode(std::string_view(text).substr(0, static_cast<size_t>(size)));
  if (!entry) return std::nullopt;
  return *entry;
}

}  // namespace

std::string folder_of(uid_t user) {
  return user == 0 ? "/run/kontain" : "/run/user/" + std::to_string(user) + "/kontain";
}

void Registration::withdraw() {
  struct stat own;
  struct stat named;
  // Below another root (chroot(2)) the name is somebody else's.
  if (!path_.empty() && fstat(lock_.get(), &own) == 0 && lstat(path_.c_str(), &named) == 0 &&
      own.st_dev == named.st_dev && own.st_ino == named.st_ino) {
    unlink(path_.c_str());
  }
  lock_.reset();
}

Result<Registration> enroll(const std::string& folder, const Entry& entry) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno(kWhat, folder, errno);
  TRY_ASSIGN(const UniqueFd opened, open_folder(folder, geteuid()));
  remove_stale_files(opened.get());
  for (int i = 0; i < kTries; ++i) {
    const std::string name = new_name(entry.pid);
    TRY_ASSIGN(std::optional<UniqueFd> file, lock_new_file(opened.get(), name));
    if (!file) continue;
    if (auto written = write_text(*file, encode(entry)); !written) {
      unlinkat(opened.get(), name.c_str(), 0);
      return tl::make_unexpected(written.error());
    }
    return Registration(std::move(*file), folder + "/" + name);
  }
  return fail(kWhat, folder, "no file could be made");
}

std::vector<Entry> list(const std::string& folder, uid_t owner) {
  std::vector<Entry> living;
  const auto opened = open_folder(folder, owner);
  if (!opened) return living;
  for_each_file(opened->get(), [&](const char* name) {
    const UniqueFd file = open_file(opened->get(), name);
    if (!file || remove_if_stale(opened->get(), name, file)) return true;
    if (auto entry = read_entry(file)) living.push_back(std::move(*entry));
    return true;
  });
  std::ranges::sort(living, {}, &Entry::pid);
  return living;
}

}  // namespace kontain::registry
