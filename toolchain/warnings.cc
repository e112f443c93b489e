#include "toolchain/warnings.h"

#include <clang/Basic/DiagnosticIDs.h>

#include <algorithm>

namespace kontain::toolchain {
namespace {

// Names that clang takes beside those of its groups.
constexpr std::string_view kNoGroups[] = {"everything", "error", "fatal-errors", "system-headers"};

bool clang_knows(std::string_view name) {
  if (name.empty()) return false;  // what is in no group has that name
  return std::ranges::find(kNoGroups, name) != std::end(kNoGroups) || name.starts_with("system-headers-in-module=") ||
         clang::DiagnosticIDs::getGroupForWarningOption(name).has_value();
}

// The rest of `text` behind `prefix`, if it starts so.
std::optional<std::string_view> behind(std::string_view prefix, std::string_view text) {
  if (!text.starts_with(prefix)) return std::nullopt;
  return text.substr(prefix.size());
}

}  // namespace

std::optional<std::string> treat_warning(std::string_view value) {
  std::optional<std::string_view> off = behind("no-error=", value);
  if (!off) off = behind("no-", value);
  if (off) return clang_knows(*off) ? std::optional<std::string>(value) : std::nullopt;
  const size_t equals = value.find('=');
  if (equals == std::string_view::npos || clang_knows(value)) return std::string(value);
  const std::string name(value.substr(0, equals));
  if (name == "error" || !clang_knows(name)) return std::string(value);
  return value.substr(equals + 1) == "0" ? "no-" + name : name;
}

}  // namespace kontain::toolchain
