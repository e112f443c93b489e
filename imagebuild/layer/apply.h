// Unpacking layers into a folder. Nothing of a layer leaves the folder: every parent directory is resolved by
// openat2(2) with RESOLVE_IN_ROOT, last components are never followed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "imagebuild/oci/digest.h"
#include "imagebuild/tar/reader.h"

namespace kontain::image {

enum class Ownership { Ignore, Keep };      // Keep needs CAP_CHOWN
enum class Devices { Skip, Make, Refuse };  // Make needs CAP_MKNOD; Skip counts them

struct ApplyOptions {
  Ownership ownership = Ownership::Ignore;
  Devices devices = Devices::Skip;
  TarLimits limits;
};

struct ApplyReport {
  Digest diff_id;  // of the tar: the caller knows what it has to be
  uint64_t entries = 0;
  uint64_t bytes = 0;
  uint64_t skipped_devices = 0;
  uint64_t skipped_xattrs = 0;  // that the file system or our privileges refused
};

// Applies one layer (compressed or not, read to its end) to the folder `root_fd`, whiteouts included (layer.md,
// "Applying Changesets").
Result<ApplyReport> apply_layer(int root_fd, Source& layer, const ApplyOptions& options);

}  // namespace kontain::image
