// Every field of config.json and what becomes of it: one table, from which refusals and docs/krun-spec.md are derived.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "krun/spec/reader.h"

namespace kontain::krun::spec {

enum class Treatment : uint8_t {
  Honoured,
  Refused,  // a configuration that sets it is an error
  Ignored,  // of no consequence here
};

struct FieldRow {
  std::string_view field;  // as in Reader::place()
  Treatment treatment;
  std::string_view note;  // why, for all that are not simply honoured
};

std::span<const FieldRow> field_table();

// Fails at the first field that is refused and set: null, "", 0, false, [] and {} count as not set. `part`: which part
// of a configuration `top` is ("linux.resources"); empty: all of it.
void refuse_fields(const Reader& top, std::string_view part = "");

// docs/krun-spec.md.
std::string fields_as_markdown();

}  // namespace kontain::krun::spec
