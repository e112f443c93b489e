#include "base/version.h"

#include "version_string.h"

namespace kontain {

const char* version() { return KONTAIN_VERSION; }
const char* git_sha() { return KONTAIN_GIT_SHA; }
std::string version_line(const char* tool) {
  return std::string(tool) + " " + KONTAIN_VERSION + " (" + KONTAIN_GIT_SHA + ")";
}

}  // namespace kontain
