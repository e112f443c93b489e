// What is in an image, as an SPDX 2.3 document (ISO/IEC 5962): its files with checksums, and the Debian and Alpine
// packages that its own databases name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "imagebuild/oci/model.h"
#include "imagebuild/store/store.h"

namespace kontain::image {

struct InstalledPackage {
  std::string name, version, architecture;
  std::string kind;  // "deb" or "apk": the type of its package URL
};

// From /var/lib/dpkg/status, one paragraph or many (deb822(5)); packages that are not installed are left out.
std::vector<InstalledPackage> read_dpkg_status(std::string_view text);
// From /lib/apk/db/installed.
std::vector<InstalledPackage> read_apk_installed(std::string_view text);

// The document as JSON text. `name` is what the image is called; `created` is RFC 3339. The same image gives the same
// bytes.
Result<std::string> spdx_document(const Store& store, const Descriptor& image, const std::string& name,
                                  const std::string& created);

}  // namespace kontain::image
