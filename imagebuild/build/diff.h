// What a RUN step changed: from the upper folder of an overlay mount to the files of a layer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "imagebuild/context/folder.h"
#include "imagebuild/layer/layer.h"

namespace kontain::image::build {

// Character devices 0:0 and opaque folders become whiteouts (overlayfs, "whiteouts and opaque directories"); attributes
// of the overlay's own are left out. Names of one file are hard links. Every time is `mtime`.
// A folder is followed by what is in it, and by its whiteouts first.
Result<LayerFiles> overlay_changes(const std::shared_ptr<const context::Folder>& upper, int64_t mtime);

}  // namespace kontain::image::build
