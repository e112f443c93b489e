#include "km/elf/shebang.h"

#include <algorithm>
#include <string_view>

namespace kontain::elf {
namespace {

constexpr std::string_view kBlanks = " \t";
// Of the 256 bytes the last one is the kernel's terminator.
constexpr size_t kLineLimit = kScriptHead - 1;

std::string_view trim_right(std::string_view text) {
  const size_t last = text.find_last_not_of(kBlanks);
  return text.substr(0, last == text.npos ? 0 : last + 1);
}

std::string_view trim_left(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  return first == text.npos ? std::string_view() : text.substr(first);
}

}  // namespace

Parsed<std::optional<Shebang>> parse_shebang(std::span<const std::byte> head) {
  const std::string_view text(reinterpret_cast<const char*>(head.data()), std::min(head.size(), kScriptHead));
  if (!text.starts_with("#!")) return std::nullopt;

  const size_t newline = text.find('\n');
  std::string_view line = trim_left(text.substr(0, std::min(newline, kLineLimit)).substr(2));
  // Without a newline in sight the path is whole only if something ends it: a blank, a NUL or the end of the file.
  const bool cut = newline == text.npos && text.size() == kScriptHead;
  const size_t path_end = std::min(line.find_first_of(kBlanks), line.find('\0'));
  if (cut && path_end == line.npos && text.back() != '\0' && kBlanks.find(text.back()) == kBlanks.npos) {
    return reject(RejectKind::BadScript, "its #! line is longer than 255 bytes");
  }

  Shebang shebang;
  shebang.interpreter = line.substr(0, path_end);
  if (shebang.interpreter.empty()) return reject(RejectKind::BadScript, "its #! line names no interpreter");
  if (path_end == line.npos || line[path_end] == '\0') return shebang;

  std::string_view argument = trim_left(trim_right(line.substr(path_end)));
  argument = argument.substr(0, argument.find('\0'));
  if (!argument.empty()) shebang.argument = argument;
  return shebang;
}

}  // namespace kontain::elf
