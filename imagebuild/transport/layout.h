// OCI image layouts (image-spec 1.1, image-layout.md) that are not our store.
#pragma once

#include <string>

#include "base/error.h"
#include "base/unique_fd.h"
#include "imagebuild/transport/graph.h"
#include "imagebuild/transport/transport.h"

namespace kontain::image {

class LayoutSource final : public BlobSource {
 public:
  static Result<LayoutSource> open(const std::string& directory);
  // The index's entry of that name; without a name its only entry.
  Result<Descriptor> resolve(const std::string& name) const;
  Result<void> fetch(const Descriptor& descriptor, Sink& sink) override;

 private:
  UniqueFd blobs_;
  Index index_;
};

// The entry called `name` (org.opencontainers.image.ref.name); without a name the only one.
Result<Descriptor> entry_of(const Index& index, const std::string& name, const std::string& where);
// What an index says of an image called `name`: both names that tools look for.
Descriptor index_entry(const Descriptor& image, const std::string& name);

// Adds the image to the layout `directory`, which is made when it is missing.
Result<void> write_layout(const Store& store, const Descriptor& image, const std::string& directory,
                          const std::string& name);

}  // namespace kontain::image
