// What the facts mean: for each thing a verdict and, where something is wrong, what to do about it.
#pragma once

#include <string>
#include <vector>

#include "cli/host/facts.h"

namespace kontain::cli {

enum class Status : uint8_t {
  Ok,
  Note,     // works, with a limit somebody may care about; or an optional thing that is not there
  Problem,  // no kontainer runs before this is changed
};
const char* status_name(Status status);  // "ok", "note", "problem"

struct Finding {
  std::string check;  // its name: what scripts look for
  Status status = Status::Ok;
  std::string value;   // what was found
  std::string advice;  // what to do; empty where there is nothing to do
};

// One finding per check, always the same checks in the same order. Pure.
std::vector<Finding> judge(const HostFacts& facts);

// Problem if one of them is.
Status worst_of(const std::vector<Finding>& findings);

}  // namespace kontain::cli
