// Where the parts of the SDK are. The tree can stand anywhere: everything is found from the running executable.
#pragma once

#include <string>

#include "base/error.h"

namespace kontain::linker {

struct Sdk {
  std::string bin;      // the programs
  std::string sysroot;  // usr/include, usr/lib of musl and the kernel's headers
  std::string clang;    // clang's resource directory: its headers and the compiler-rt archives
};

// The paths of an SDK whose programs are in `bin_directory`, an absolute path.
Sdk sdk_around(const std::string& bin_directory);

// The SDK that the running executable belongs to. Follows symbolic links to the executable, so that a link in
// /usr/local/bin works. Fails when /proc/self/exe cannot be read.
Result<Sdk> find_sdk();

}  // namespace kontain::linker
