#include "imagebuild/tar/entry.h"

namespace kontain::image {

std::string_view entry_type_name(EntryType type) {
  switch (type) {
    case EntryType::File: return "file";
    case EntryType::Directory: return "directory";
    case EntryType::Symlink: return "symlink";
    case EntryType::Hardlink: return "hardlink";
    case EntryType::CharDevice: return "character device";
    case EntryType::BlockDevice: return "block device";
    case EntryType::Fifo: return "fifo";
  }
  return "unknown";
}

}  // namespace kontain::image
