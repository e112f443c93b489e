// The files of the host that a dynamic program needs to start: its interpreter and its libraries, found as the loader
// finds them (ld.so(8), "Shared object search order"), without running anything.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace kontain::image {

struct ClosureFile {
  std::string image_path;  // absolute: where the program looks for it
  std::string host_path;   // where its content is now
};

// The closure of `program` (a file of the host), the program itself not included, sorted by image_path. A library that
// is nowhere is an error that names who wants it.
Result<std::vector<ClosureFile>> elf_closure(const std::string& program);

}  // namespace kontain::image
