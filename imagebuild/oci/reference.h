// Names of images: [REGISTRY/]REPOSITORY[:TAG][@DIGEST], the grammar of distribution-spec 1.1 ("Pulling manifests").
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "imagebuild/oci/digest.h"

namespace kontain::image {

struct Reference {
  std::string registry;    // "localhost:5000"; empty for a name that is only local
  std::string repository;  // "library/app"
  std::string tag;         // never empty unless there is a digest
  Digest digest;           // empty when the name has none

  // A first component with a dot, a colon or the name "localhost" is the registry. A name without tag and digest has
  // the tag "latest".
  static Result<Reference> parse(std::string_view text);
  // "registry/repository:tag@sha256:…" as far as there is.
  std::string text() const;
  // "registry/repository"
  std::string name() const;
};

}  // namespace kontain::image
