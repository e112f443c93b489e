// Internal to km/config: the one list of options.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "km/config/options.h"

namespace kontain::config {

// What follows an option on the command line.
enum class Value : uint8_t {
  None,      // --version
  Optional,  // --trace or --trace=FILTER, never a word of its own
  Required,  // --config FILE or --config=FILE
};

// What a JSON file may give for it.
enum class JsonType : uint8_t { None, String, Bool, StringOrBool, StringOrNumber };

// Who else than the command line may set it: bits.
enum : uint8_t { kCommandLineOnly = 0, kConfigFile = 1 << 0, kAnnotation = 1 << 1 };

struct OptionRow {
  std::string_view name;  // without the dashes; also the JSON key, and with app.kontain. the annotation
  Value value;
  std::string_view value_name;
  JsonType json;
  uint8_t sources;
  std::string_view help;
  // Sets the option from text ("on"/"off" for booleans). False: the value is not one of those allowed.
  bool (*apply)(Options& options, const std::string& value);
};

std::span<const OptionRow> option_table();
const OptionRow* find_option(std::string_view name);

// One value from one source, not yet applied.
struct Setting {
  const OptionRow* row;
  std::string value;
};

}  // namespace kontain::config
