// Copying an image with everything it refers to.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/error.h"
#include "imagebuild/oci/model.h"
#include "imagebuild/store/store.h"
#include "imagebuild/tar/stream.h"

namespace kontain::image {

// Where blobs are read from. What it gives is not trusted.
class BlobSource {
 public:
  virtual ~BlobSource() = default;
  // Writes the content to `sink`, from its first byte.
  virtual Result<void> fetch(const Descriptor& descriptor, Sink& sink) = 0;
};

enum class Platforms { ThisOne, All };

// Told about each blob before it is copied and when it is there.
using CopyProgress = std::function<void(const Descriptor&, bool done)>;

// Copies `root`, and what it refers to, into the store, verifying every byte; what is there already is not read again.
// Children come first, so a manifest that exists is complete. Returns the copied document: with Platforms::ThisOne and
// an index that is its manifest for linux/amd64.
Result<Descriptor> copy_into_store(BlobSource& from, const Store& store, const Descriptor& root, Platforms platforms,
                                   const CopyProgress& progress);

// All descriptors that `root` reaches, itself last. Children that a sparse index names but the store does not have are
// left out when they are manifests of other platforms.
Result<std::vector<Descriptor>> reachable(const Store& store, const Descriptor& root);

}  // namespace kontain::image
