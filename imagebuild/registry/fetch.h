// An image from wherever a user says.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "imagebuild/registry/registry.h"
#include "imagebuild/store/store.h"

namespace kontain::image {

struct FetchOptions {
  RegistryOptions registry;
  Platforms platforms = Platforms::ThisOne;
  enum class Missing { Fail, Pull } missing = Missing::Pull;  // a name with a registry that the store does not have
  CopyProgress progress;
};

// Brings the image `source` (Locator::parse_source) into the store, if it is not there already.
Result<Imported> fetch_image(const Store& store, std::string_view source, const FetchOptions& options);

}  // namespace kontain::image
