// Removing whole trees that strangers made.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"

namespace kontain::image {

// The names in the folder `name` of the folder `parent`, but "." and ".."; links are not followed.
Result<std::vector<std::string>> names_in(int parent, const std::string& name);

// Removes whole trees without following a link. The content of a directory moves up into the one that is being emptied
// until nothing is left, so neither depth nor the number of descriptors is a limit.
class TreeRemover {
 public:
  // Removes `name` from the folder `parent`. A name that does not exist is removed already.
  Result<void> remove(int parent, const std::string& name);

 private:
  Result<void> empty(int folder, const std::string& inner);
  std::string free_name(int folder);

  uint64_t number_ = 0;
};

}  // namespace kontain::image
