// libFuzzer's entry for everything of krun's that reads a file: config.json, process.json, resources, state.json, the
// start order that km gets, the kernel's lists of mounts and cgroups, mount options. The first byte chooses.
#include <cstdint>
#include <string>

#include "base/abi/start_order.h"
#include "krun/cgroup/layout.h"
#include "krun/sandbox/mount_options.h"
#include "krun/spec/parse.h"
#include "krun/state/state.h"

using namespace kontain;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 7) {
    case 0: static_cast<void>(krun::spec::parse_config(text, "config.json")); break;
    case 1: static_cast<void>(krun::spec::parse_process(text, "process.json")); break;
    case 2: static_cast<void>(krun::spec::parse_resources(text, "resources")); break;
    case 3:
      if (const auto state = krun::state::decode(text, "state.json")) {
        if (!krun::state::decode(krun::state::encode(*state), "again")) __builtin_trap();
      }
      break;
    case 4:
      if (const auto order = abi::decode_start_order(text)) {
        if (!abi::decode_start_order(abi::encode_start_order(*order))) __builtin_trap();
      }
      break;
    case 5:
      static_cast<void>(krun::cgroup::parse_layout(text.substr(0, text.size() / 2), text.substr(text.size() / 2)));
      break;
    default: {
      const size_t newline = text.find('\n');
      static_cast<void>(krun::sandbox::parse_mount_options({text.substr(0, newline), text.substr(newline + 1)}));
      break;
    }
  }
  return 0;
}
