// Reading compressed files of any kind that people put tars into: gzip, bzip2, xz, zstd, or none.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "base/unique_fd.h"
#include "imagebuild/tar/stream.h"

namespace kontain::image::build {

// The uncompressed bytes of `fd`, told by its first bytes. `name` is for errors.
Result<std::unique_ptr<Source>> open_filtered(UniqueFd fd, std::string name);

}  // namespace kontain::image::build
