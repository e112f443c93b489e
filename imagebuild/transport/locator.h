// Where images come from and go to, as a user writes it. One table of kinds (locator.cc).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace kontain::image {

enum class LocatorKind { Store, Layout, OciArchive, DockerArchive, Docker, Podman, Containerd, Registry };

struct Locator {
  LocatorKind kind = LocatorKind::Store;
  std::string path;  // of Layout and archives; "-" is standard output
  std::string name;  // of the image there: a tag of a layout, a reference of a registry; may be empty

  // An image to read: "oci:DIR[:NAME]", "oci-archive:FILE[:NAME]", "docker-archive:FILE[:NAME]", "docker://REFERENCE",
  // "registry:REFERENCE"; a path ("/…", "./…") of a layout or an archive, told by what it contains; else a name in the
  // store. The engines can be written to only.
  static Result<Locator> parse_source(std::string_view text);
  // Where to put an image: the same, and "docker", "podman", "containerd", "registry", each with an optional ":NAME".
  static Result<Locator> parse_output(std::string_view text);
  // "oci-archive:FILE"
  std::string text() const;
};

// "oci:DIR", "docker", …: every form, for help and completion.
std::vector<std::string> locator_forms();

}  // namespace kontain::image
