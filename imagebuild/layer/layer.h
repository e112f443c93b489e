// A layer from a list of files.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "imagebuild/layer/compress.h"
#include "imagebuild/oci/digest.h"
#include "imagebuild/tar/entry.h"

namespace kontain::image {

// A file of the host whose content becomes an entry's.
struct HostFile {
  std::string path;
};

// Content that is opened when it is written: below a folder's descriptor, say, where no link leads out.
struct OpenedFile {
  std::function<Result<UniqueFd>()> open;
  std::string name;  // for errors
};

// A part of a file that several entries have their content in. Never written to any more.
struct FilePart {
  std::shared_ptr<const UniqueFd> fd;
  uint64_t offset = 0;
  uint64_t size = 0;
  std::string name;  // for errors
};

// One entry of a layer to be made and where its content is from.
struct LayerFile {
  Entry entry;  // entry.path: relative to the root of the image, normal spelling (tar/reader.h, normal_path)
  // Of a File: a file of the host (entry.size is found when it is read), a part of one, or the bytes. Else ignored.
  std::variant<std::monostate, HostFile, OpenedFile, FilePart, std::string> content;
};

using LayerFiles = std::vector<LayerFile>;

// What a walk of a folder makes of what it finds. As it stands: independent of who owns it, of umasks and of clocks.
struct TreeOptions {
  enum class Times { Fixed, Keep, Clamp };  // `mtime`; the files' own; their own, but never later than `mtime`
  enum class Modes { Plain, Keep };         // 0755 and 0644 by the owner's execute bit; the files' own
  enum class Owners { Fixed, Keep };        // `uid` and `gid`; the files' own
  enum class Hardlinks { Copy, Keep };      // each name a file of its own; hard links
  enum class Xattrs { Drop, Keep };
  Times times = Times::Fixed;
  Modes modes = Modes::Plain;
  Owners owners = Owners::Fixed;
  Hardlinks hardlinks = Hardlinks::Copy;
  Xattrs xattrs = Xattrs::Drop;
  int64_t mtime = 0;
  uint64_t uid = 0, gid = 0;
};

// The one file or folder `host` as the entry `destination` (a path in the image; "" is its root and gives no entry),
// and everything below it, sorted bytewise by path. Sockets are left out. Symbolic links are not followed, but for
// `host` itself.
Result<LayerFiles> collect_tree(const std::string& host, std::string_view destination, const TreeOptions& options);

// A whiteout (layer.md) of `path`.
LayerFile whiteout(std::string_view path, int64_t mtime);

// Sorts by path, so that parents precede children, and adds missing parent directories (0755, root, `mtime`). Two
// directories of one path are one, the later counts; any other pair of one path is an error.
Result<LayerFiles> complete_tree(LayerFiles files, int64_t mtime);

// The content of an entry of a File. It refers to `file`.
Result<std::unique_ptr<Source>> open_content(const LayerFile& file);

// What a written layer is, besides the digest of its compressed bytes, which is the sink's business.
struct LayerContent {
  Digest diff_id;         // of the tar
  uint64_t tar_size = 0;  // bytes
};

// Writes the layer of `files`, in their order, to `sink`. Memory does not grow with the size of files.
Result<LayerContent> write_layer(const LayerFiles& files, const CompressOptions& options, Sink& sink);

}  // namespace kontain::image
