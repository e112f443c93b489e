// From any image to a kontainer's: what it is made of stays, byte for byte; what is said about it is added to.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "imagebuild/oci/model.h"
#include "imagebuild/store/store.h"

namespace kontain::image::convert {

inline constexpr std::string_view kConvertedFrom = "app.kontain.converted.from";  // the manifest's digest
inline constexpr std::string_view kReplacedBase = "app.kontain.replaced.base";    // of the base that is gone
inline constexpr std::string_view kRunenvImage = "app.kontain.runenv.image";      // of what stands in its place

// A language base and the runtime environment that takes its place.
struct Replacement {
  Descriptor base;  // the image is built on it: its layers are the image's first ones
  Descriptor runenv;
};

// The new image in the store; it has no name. Layers keep their digests. With a replacement the runtime's layers stand
// where the base's were, and what the image took over from the base's configuration is the runtime's. Fails when the
// image is not built on the base.
Result<Descriptor> convert_image(const Store& store, const Descriptor& image,
                                 const std::optional<Replacement>& replacement);

}  // namespace kontain::image::convert
