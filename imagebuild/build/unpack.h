// ADD of an archive: the files in it.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "base/unique_fd.h"
#include "imagebuild/layer/layer.h"

namespace kontain::image::build {

// The entries of the tar in `fd`, compressed or not, with their owners and modes and `mtime`; nothing when it is no
// tar. Content lies in an unnamed temporary file. `name` is for errors.
Result<std::optional<LayerFiles>> unpack_archive(UniqueFd fd, const std::string& name, int64_t mtime);

}  // namespace kontain::image::build
