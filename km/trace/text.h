// The notation of strace(1): numbers, quoted bytes, sets of flags.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kontain::trace {

// The longest piece of data that is shown, in bytes (strace -s).
inline constexpr size_t kShownBytes = 32;
// The most elements of an array that are shown.
inline constexpr size_t kShownElements = 32;

std::string decimal(int64_t value);
std::string unsigned_decimal(uint64_t value);
// 0x1f; zero is 0.
std::string hex(uint64_t value);
// 0644; zero is 0.
std::string octal(uint64_t value);
// Permission bits with at least three digits: 0644, 000.
std::string mode_bits(uint64_t value);
// 0x1f, or NULL.
std::string pointer(uint64_t address);
// A moment as 2001-09-09T01:46:40+0000. Always UTC: the local time zone is a file, and the tracer opens none.
std::string utc_time(int64_t seconds);
// The same with a fraction of `digits` digits behind the seconds, unless it is 0.
std::string utc_time(int64_t seconds, uint64_t fraction, int digits);

// `bytes` in double quotes, C escapes, octal where there is none.
std::string quoted(std::string_view bytes);
// The same, each byte as \xNN.
std::string quoted_hex(std::string_view bytes);
// quoted() of the first kShownBytes; "..." behind it if there are more.
std::string quoted_cut(std::string_view bytes);

struct NamedValue {
  uint64_t value;
  std::string_view name;
};

// The names of one kind of value.
struct Vocabulary {
  std::string_view unknown;  // shown beside a value without a name, e.g. "MAP_???"
  std::span<const NamedValue> names;
};

// The name of `value`, or empty.
std::string_view find_name(uint64_t value, const Vocabulary& vocabulary);
// The name of `value`; without one, 0x1f /* F_??? */.
std::string one_of(uint64_t value, const Vocabulary& vocabulary);
// All names in `value` joined by |, the rest as 0x20; 0 is the name of zero, or 0.
std::string flags(uint64_t value, const Vocabulary& vocabulary);

// Appends `item` to a list written as "a, b, c".
void append_item(std::string& list, std::string_view item);

}  // namespace kontain::trace
