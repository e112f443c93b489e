// Layers that were made already: the files are told by what stat(2) says of them.
#pragma once

#include "base/error.h"
#include "imagebuild/store/image.h"

namespace kontain::image {

// The same as store_layer(), from the cache when no file changed since. A file counts as the same when device, inode,
// size, mtime and ctime are; ctime cannot be set back. Files that changed in the last two seconds are not trusted to.
Result<StoredLayer> store_layer_cached(const Store& store, const LayerFiles& files, const CompressOptions& options);

}  // namespace kontain::image
