#include "km/trace/text.h"

#include <charconv>
#include <chrono>
#include <cstdio>

namespace kontain::trace {
namespace {

template <class T>
std::string in_base(T value, int base, std::string_view prefix) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value, base).ptr;
  return std::string(prefix).append(digits, end);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The letter behind the backslash, or 0.
char escape_letter(char c) {
  switch (c) {
    case '"':
    case '\\': return c;
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    case '\v': return 'v';
    default: return 0;
  }
}

// Shortest octal escape that the next character cannot prolong.
void append_octal(std::string& out, char c, bool before_digit) {
  const auto byte = static_cast<unsigned char>(c);
  char digits[8];
  std::snprintf(digits, sizeof(digits), before_digit ? "\\%03o" : "\\%o", byte);
  out += digits;
}

}  // namespace

std::string decimal(int64_t value) { return in_base(value, 10, ""); }
std::string unsigned_decimal(uint64_t value) { return in_base(value, 10, ""); }
std::string hex(uint64_t value) { return value == 0 ? "0" : in_base(value, 16, "0x"); }
std::string octal(uint64_t value) { return value == 0 ? "0" : in_base(value, 8, "0"); }
std::string pointer(uint64_t address) { return address == 0 ? "NULL" : hex(address); }

std::string mode_bits(uint64_t value) {
  std::string digits = octal(value);
  if (digits.size() < 3) digits.insert(0, 3 - digits.size(), '0');
  return digits;
}

std::string utc_time(int64_t seconds) { return utc_time(seconds, 0, 0); }

std::string utc_time(int64_t seconds, uint64_t fraction, int digits) {
  // Years that fit std::chrono's calendar, as any real file's do.
  constexpr int64_t kLimit = int64_t{30000} * 366 * 86400;
  if (seconds < -kLimit || seconds > kLimit) return decimal(seconds);
  const std::chrono::sys_seconds moment{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{moment - day};
  char text[96];
  int size = std::snprintf(text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                           static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                           static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                           static_cast<int>(time.seconds().count()));
  if (fraction != 0) {
    size += std::snprintf(text + size, sizeof(text) - static_cast<size_t>(size), ".%0*llu", digits,
                          static_cast<unsigned long long>(fraction));
  }
  return std::string(text, static_cast<size_t>(size)) + "+0000";
}

std::string quoted(std::string_view bytes) {
  std::string out = "\"";
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (const char letter = escape_letter(c)) {
      out += '\\';
      out += letter;
    } else if (c >= ' ' && c < 0x7f) {
      out += c;
    } else {
      append_octal(out, c, i + 1 < bytes.size() && is_digit(bytes[i + 1]));
    }
  }
  return out + '"';
}

std::string quoted_hex(std::string_view bytes) {
  std::string out = "\"";
  for (const char c : bytes) {
    char digits[8];
    std::snprintf(digits, sizeof(digits), "\\x%02x", static_cast<unsigned char>(c));
    out += digits;
  }
  return out + '"';
}

std::string quoted_cut(std::string_view bytes) {
  std::string out = quoted(bytes.substr(0, kShownBytes));
  if (bytes.size() > kShownBytes) out += "...";
  return out;
}

std::string_view find_name(uint64_t value, const Vocabulary& vocabulary) {
  for (const NamedValue& entry : vocabulary.names) {
    if (entry.value == value) return entry.name;
  }
  return {};
}

std::string one_of(uint64_t value, const Vocabulary& vocabulary) {
  const std::string_view name = find_name(value, vocabulary);
  if (!name.empty()) return std::string(name);
  return hex(value).append(" /* ").append(vocabulary.unknown).append(" */");
}

std::string flags(uint64_t value, const Vocabulary& vocabulary) {
  if (value == 0) {
    const std::string_view zero = find_name(0, vocabulary);
    return zero.empty() ? "0" : std::string(zero);
  }
  std::string out;
  for (const NamedValue& entry : vocabulary.names) {
    if (entry.value == 0 || (value & entry.value) != entry.value) continue;
    if (!out.empty()) out += '|';
    out += entry.name;
    value &= ~entry.value;
  }
  if (out.empty()) return one_of(value, vocabulary);
  if (value != 0) out.append("|").append(hex(value));
  return out;
}

void append_item(std::string& list, std::string_view item) {
  if (!list.empty()) list += ", ";
  list += item;
}

}  // namespace kontain::trace
