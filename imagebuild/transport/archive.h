// Images as one tar: OCI archives (a layout in a tar) and what `docker save` writes.
#pragma once

#include <string>

#include "base/error.h"
#include "imagebuild/tar/stream.h"
#include "imagebuild/transport/transport.h"

namespace kontain::image {

// Reads an archive of either kind, told by what is in it, in one pass. `name` chooses among several images.
Result<Imported> import_archive(const Store& store, Source& archive, const std::string& name, Platforms platforms);

// The same image gives the same bytes.
Result<void> write_oci_archive(const Store& store, const Descriptor& image, const std::string& name, Sink& sink);
// Layers as docker reads them: gzip stays, zstd (which older ones cannot read) is unpacked.
Result<void> write_docker_archive(const Store& store, const Descriptor& image, const std::string& name, Sink& sink);

}  // namespace kontain::image
