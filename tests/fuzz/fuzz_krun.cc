// libFuzzer's entry for everything of krun's that reads a file: config.json, process.json, resources, state.json and
// the start order that km gets. The first byte chooses.
#include <cstdint>
#include <string>

#include "base/abi/start_order.h"
#include "krun/spec/parse.h"
#include "krun/state/state.h"

using namespace kontain;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 5) {
    case 0: static_cast<void>(krun::spec::parse_config(text, "config.json")); break;
    case 1: static_cast<void>(krun::spec::parse_process(text, "process.json")); break;
    case 2: static_cast<void>(krun::spec::parse_resources(text, "resources")); break;
    case 3:
      if (const auto state = krun::state::decode(text, "state.json")) {
        if (!krun::state::decode(krun::state::encode(*state), "again")) __builtin_trap();
      }
      break;
    default:
      if (const auto order = abi::decode_start_order(text)) {
        if (!abi::decode_start_order(abi::encode_start_order(*order))) __builtin_trap();
      }
  }
  return 0;
}
