// A folder whose content is somebody else's: a build context, an unpacked image. Every path is resolved inside it by
// openat2(2) with RESOLVE_IN_ROOT: links and ".." lead nowhere else, also while the folder is being changed.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "imagebuild/context/ignore.h"
#include "imagebuild/tar/entry.h"

namespace kontain::image::context {

// What lstat(2) says.
struct Node {
  std::string path;  // inside the folder, relative, clean; "" is the folder
  EntryType type = EntryType::File;
  bool socket = false;  // a socket, which no archive can hold; `type` means nothing
  uint32_t mode = 0;    // 07777
  uint64_t uid = 0, gid = 0;
  int64_t mtime = 0;
  uint64_t size = 0;
  std::string link_target;
  uint32_t device_major = 0, device_minor = 0;
  uint64_t links = 1;                         // names of the inode
  std::pair<uint64_t, uint64_t> inode{0, 0};  // device and number
  uint64_t ctime_ns = 0;                      // with mtime_ns and inode: has it been changed since?
  uint64_t mtime_ns = 0;
  std::vector<std::pair<std::string, std::string>> xattrs;  // filled by read_xattrs() only
};

enum class Links { Follow, Keep };  // of the last component

class Folder {
 public:
  static Result<Folder> open(const std::string& path);
  Folder(Folder&&) noexcept = default;
  Folder& operator=(Folder&&) noexcept = default;

  // The folder's own path, for messages and for programs that need one.
  const std::string& host_path() const { return host_path_; }
  int fd() const { return root_.get(); }

  // Nothing when there is no such file (ENOENT, ENOTDIR).
  Result<std::optional<Node>> stat(std::string_view path, Links links) const;
  // Where `path` leads to inside the folder when links are followed, all but the last component have to exist.
  Result<std::string> real_path(std::string_view path) const;
  // Names in a folder, sorted bytewise.
  Result<std::vector<std::string>> list(std::string_view path) const;
  // A regular file for reading.
  Result<UniqueFd> open_file(std::string_view path) const;
  Result<std::vector<std::pair<std::string, std::string>>> read_xattrs(std::string_view path) const;

 private:
  Folder(UniqueFd root, std::string host_path) : root_(std::move(root)), host_path_(std::move(host_path)) {}
  Result<UniqueFd> open_at(std::string_view path, int flags) const;
  UniqueFd root_;
  std::string host_path_;
};

inline constexpr size_t kMaxDepth = 512;        // of folders inside folders
inline constexpr size_t kMaxNodes = 4'000'000;  // of one walk

// Everything at and below `path`, which is not followed, in the order of a sorted depth-first walk, a folder before
// what is in it. What `ignore` leaves out is not visited; a folder that is left out is given all the same when
// something in it is taken in again. `ignore` sees paths relative to `ignore_base`. Sockets are left out.
Result<std::vector<Node>> walk(const Folder& folder, std::string_view path, const IgnoreList& ignore,
                               std::string_view ignore_base);

// The paths of `folder` that match `pattern`, sorted; the pattern itself, cleaned, when it has no wildcard.
Result<std::vector<std::string>> expand_pattern(const Folder& folder, std::string_view pattern);

}  // namespace kontain::image::context
