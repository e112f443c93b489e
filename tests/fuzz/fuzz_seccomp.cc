// libFuzzer's entry for the payload's seccomp filters: what is accepted runs to an end within its program.
#include <cstdint>
#include <cstring>
#include <vector>

#include "km/seccomp/filter.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<sock_filter> program(size / sizeof(sock_filter));
  if (!program.empty()) std::memcpy(program.data(), data, program.size() * sizeof(sock_filter));
  const auto filter = kontain::seccomp::Filter::create(program);
  if (!filter) return 0;
  seccomp_data call = {};
  call.nr = static_cast<int>(size);
  static_cast<void>(filter->run(call));
  return 0;
}
