#include "km/elf/shebang.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace kontain::elf {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kEndsPath(" \t\0", 3);
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
  // A shorter file counts as followed by NULs.
  std::array<char, kScriptHead> buffer{};
  if (!head.empty()) std::memcpy(buffer.data(), head.data(), std::min(head.size(), buffer.size()));
  const std::string_view text(buffer.data(), buffer.size());
  if (!text.starts_with("#!")) return std::nullopt;

  const size_t newline = text.find('\n');
  const std::string_view line = trim_left(trim_right(text.substr(2, std::min(newline, kLineLimit) - 2)));
  const size_t path_end = line.find_first_of(kEndsPath);
  if (line.empty() || path_end == 0) {
    // Linux finds no name in an empty line, and an empty name before a NUL.
    const int errno_value = line.empty() ? ENOEXEC : ENOENT;
    return tl::make_unexpected(Reject{RejectKind::BadScript, "its #! line names no interpreter", errno_value});
  }
  // Without a newline in sight the path is whole only if something ends it, be it the very last byte.
  if (newline == text.npos && trim_left(text.substr(2)).find_first_of(kEndsPath) == text.npos) {
    return reject(RejectKind::BadScript, "its #! line is longer than 255 bytes");
  }

  Shebang shebang;
  shebang.interpreter = line.substr(0, path_end);
  if (path_end == line.npos || line[path_end] == '\0') return shebang;
  const std::string_view argument = trim_left(line.substr(path_end));
  shebang.argument = argument.substr(0, argument.find('\0'));
  return shebang;
}

}  // namespace kontain::elf
