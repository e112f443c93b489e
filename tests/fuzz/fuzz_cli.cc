// libFuzzer's entry for what kontain reads of the host: texts of km, of krun, of engines' configuration and of /proc.
// The first byte chooses.
#include <cstdint>
#include <string>

#include "cli/fleet/kontainer.h"
#include "cli/fleet/process.h"
#include "cli/host/facts.h"

using namespace kontain;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 6) {
    case 0: static_cast<void>(cli::parse_self_test(text)); break;
    case 1: static_cast<void>(cli::cgroup_kind(text)); break;
    case 2: static_cast<void>(cli::krun_in_docker(text)); break;
    case 3: static_cast<void>(cli::krun_in_toml(text)); break;
    case 4: static_cast<void>(cli::parse_stat(text)); break;
    default: cli::kontainers_as_json(cli::assemble({}, cli::parse_krun_list(text, "/"), {}, {}));
  }
  return 0;
}
