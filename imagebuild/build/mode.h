// --chmod: modes in numbers and in letters.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace kontain::image::build {

// A change of permission bits (chmod(1)): "755", "u=rwX,go=rX", "+x".
class ModeChange {
 public:
  static Result<ModeChange> parse(std::string_view text);
  uint32_t apply(uint32_t mode, bool folder) const;

 private:
  struct Clause {
    uint32_t who = 0;  // bits that may change
    char op = '=';
    uint32_t bits = 0;
    bool execute_if_any = false;  // X
  };
  bool absolute_ = false;
  uint32_t mode_ = 0;
  std::vector<Clause> clauses_;
};

}  // namespace kontain::image::build
