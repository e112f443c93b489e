// One member of a layer's tar.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace kontain::image {

enum class EntryType { File, Directory, Symlink, Hardlink, CharDevice, BlockDevice, Fifo };

struct Entry {
  std::string path;  // as in the tar; for writing: relative, no "." or "..", no trailing slash
  EntryType type = EntryType::File;
  uint32_t mode = 0644;  // permission bits with set-id and sticky, 07777
  uint64_t uid = 0;
  uint64_t gid = 0;
  int64_t mtime = 0;        // seconds since 1970
  uint64_t size = 0;        // bytes of content, of a File only
  std::string link_target;  // of a Symlink: as it is; of a Hardlink: a path like `path`
  uint32_t device_major = 0, device_minor = 0;
  std::map<std::string, std::string> xattrs;  // name with namespace, e.g. "security.capability"
};

// "file", "directory", …: for messages.
std::string_view entry_type_name(EntryType type);

// layer.md, "Whiteouts"
inline constexpr std::string_view kWhiteoutPrefix = ".wh.";
inline constexpr std::string_view kOpaqueWhiteout = ".wh..wh..opq";

}  // namespace kontain::image
