// Packages of Debian and npm, and sources of Debian's: fetched by their own clients, verified by the lock file,
// unpacked into a folder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "imagebuild/runenv/recipe.h"
#include "imagebuild/tar/stream.h"

namespace kontain::image::runenv {

// Where fetched packages are kept, by digest: $XDG_CACHE_HOME/kontain/packages or ~/.cache/kontain/packages;
// /var/cache/kontain/packages for root.
std::string default_cache();

// The package's file in the cache: fetched when it is not there; whatever was fetched has the lock file's digest.
Result<std::string> fetch_package(const LockedPackage& package, const std::string& cache);

// The uncompressed data.tar of a Debian binary package (deb(5)). `name` is for errors.
Result<std::unique_ptr<Source>> open_deb(UniqueFd fd, const std::string& name);

// Unpacks the package below `folder`, which has to exist: Debian's into debian/, all in one tree, npm's into npm/NAME/;
// the file of a source package is put into source/ as it is.
Result<void> unpack_package(const LockedPackage& package, const std::string& file, const std::string& folder);

}  // namespace kontain::image::runenv
