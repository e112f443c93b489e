// The files of an image as a container sees them: its layers, one upon the other.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/error.h"
#include "imagebuild/oci/model.h"
#include "imagebuild/store/store.h"
#include "imagebuild/tar/entry.h"

namespace kontain::image {

struct TreeFile {
  Entry entry;       // a hard link is what it links to
  Digest sha256;     // of a File's content
  std::string sha1;  // the same, 40 digits; when it was asked for
  size_t layer = 0;  // the layer it is from, 0 is the lowest
};

// By path in normal spelling.
using FileTree = std::map<std::string, TreeFile>;

enum class Checksums { Sha256, Both };

// Reads all layers of an image (a manifest, or an index with one for linux/amd64).
Result<FileTree> read_tree(const Store& store, const Descriptor& image, Checksums checksums = Checksums::Sha256);

// One file of an image, at most `limit` bytes; symbolic links are not followed. Nothing when it is not there.
Result<std::optional<std::string>> read_file(const Store& store, const Descriptor& image, const std::string& path,
                                             size_t limit);

}  // namespace kontain::image
