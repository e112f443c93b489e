// config.json, process.json and resources as typed values. Pure: no file is opened.
#pragma once

#include <set>
#include <string>

#include "base/error.h"
#include "krun/spec/model.h"

namespace kontain::krun::spec {

inline constexpr size_t kLargestDocument = 16 << 20;  // bytes

// The configuration in `text`. Errors begin with `document` and the place in it. Fields that are refused
// (fields.h) are errors; unknown ones are ignored, as the specification demands.
Result<Config> parse_config(const std::string& text, const std::string& document);

// process.json of exec: the "process" object alone.
Result<Process> parse_process(const std::string& text, const std::string& document);

// The "resources" object alone, as update reads it.
Result<Resources> parse_resources(const std::string& text, const std::string& document);

// Every place of a configuration that is looked at when `text` is read ("linux.resources.cpu.shares"; elements of
// arrays are "[]"): what the table of fields is compared with. Refused fields are not among them. Empty: it cannot be
// read.
std::set<std::string> places_read(const std::string& text);

// The number of "CAP_NAME", or -1.
int capability_number(const std::string& name);
std::string capability_name(int number);
// RLIMIT_* of "RLIMIT_NAME", or -1.
int rlimit_number(const std::string& name);

}  // namespace kontain::krun::spec
