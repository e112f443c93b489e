// A seccomp profile of the specification as a classic BPF program over the payload's system calls. km interprets it; it
// is never loaded into the host's kernel.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "krun/spec/model.h"

namespace kontain::krun::seccomp {

struct Program {
  std::string filter;  // array of struct sock_filter; empty: everything is allowed
  uint64_t flags = 0;  // SECCOMP_FILTER_FLAG_LOG
};

// The actions and comparisons that a profile may use, for `krun features`.
std::vector<std::string> action_names();
std::vector<std::string> operator_names();

// Names of calls that libseccomp does not know are left out, as the specification allows.
Result<Program> compile(const spec::Seccomp& profile);

}  // namespace kontain::krun::seccomp
