#include "imagebuild/dockerfile/arguments.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

namespace kontain::image::dockerfile {
namespace {

constexpr std::string_view kBlanks = " \t\v\f\r";

bool is_blank(char c) { return kBlanks.find(c) != std::string_view::npos; }

// The end of the word that starts at `at`.
size_t word_end(std::string_view text, size_t at, char escape) {
  char quote = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == escape && quote != '\'') {
      ++at;
    } else if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (is_blank(c)) {
      break;
    }
  }
  return std::min(at, text.size());
}

tl::unexpected<std::string> bad(std::string text) { return tl::make_unexpected(std::move(text)); }

struct Unit {
  std::string_view name;
  double nanoseconds;
};
constexpr std::array kUnits = {Unit{"ns", 1},  Unit{"us", 1e3}, Unit{"\xc2\xb5s", 1e3}, Unit{"ms", 1e6},
                               Unit{"s", 1e9}, Unit{"m", 60e9}, Unit{"h", 3600e9}};

}  // namespace

std::vector<std::string> blank_separated(std::string_view text) {
  std::vector<std::string> out;
  for (size_t at = text.find_first_not_of(kBlanks); at != std::string_view::npos;) {
    const size_t end = text.find_first_of(kBlanks, at);
    out.emplace_back(text.substr(at, end == std::string_view::npos ? end : end - at));
    at = end == std::string_view::npos ? end : text.find_first_not_of(kBlanks, end);
  }
  return out;
}

std::vector<std::string> quoted_words(std::string_view text, char escape) {
  std::vector<std::string> out;
  for (size_t at = text.find_first_not_of(kBlanks); at != std::string_view::npos && at < text.size();) {
    const size_t end = word_end(text, at, escape);
    out.emplace_back(text.substr(at, end - at));
    at = text.find_first_not_of(kBlanks, end);
  }
  return out;
}

tl::expected<std::optional<std::vector<std::string>>, std::string> json_words(std::string_view text) {
  if (!text.starts_with('[')) return std::nullopt;
  const auto document = nlohmann::json::parse(text, nullptr, false);
  if (!document.is_array()) return std::nullopt;
  std::vector<std::string> out;
  for (const auto& element : document) {
    if (!element.is_string()) return bad("the elements of the JSON array have to be strings");
    out.push_back(element.get<std::string>());
    if (out.back().find('\0') != std::string::npos) return bad("there is a NUL character in the JSON array");
  }
  return out;
}

tl::expected<CommandLine, std::string> command_line(std::string_view text) {
  auto words = json_words(text);
  if (!words) return bad(words.error());
  if (*words) return CommandLine{false, std::move(**words)};
  return CommandLine{true, {std::string(text)}};
}

tl::expected<std::vector<Assignment>, std::string> assignments(std::string_view text, char escape) {
  const std::vector<std::string> words = quoted_words(text, escape);
  std::vector<Assignment> out;
  if (words.empty()) return bad("it needs NAME=value");
  if (words[0].find('=') == std::string::npos) {
    const size_t end = text.find_first_of(kBlanks);
    if (end == std::string_view::npos) return bad("'" + std::string(text) + "' has no value: write NAME=value");
    const size_t value = text.find_first_not_of(kBlanks, end);
    out.push_back({std::string(text.substr(0, end)), std::string(text.substr(value))});
    return out;
  }
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) return bad("there is no = in '" + word + "': write NAME=value");
    if (equals == 0) return bad("there is no name in front of = in '" + word + "'");
    out.push_back({word.substr(0, equals), word.substr(equals + 1)});
  }
  return out;
}

std::optional<int64_t> duration(std::string_view text) {
  if (text == "0") return 0;
  double total = 0;
  if (text.empty() || text.size() > 64) return std::nullopt;
  while (!text.empty()) {
    const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::string number(text.substr(0, digits));
    if (number.empty() || number == "." || number.find('.') != number.rfind('.')) return std::nullopt;
    text.remove_prefix(digits);
    const size_t length = std::min(text.find_first_of("0123456789."), text.size());
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      if (candidate.name == text.substr(0, length)) unit = &candidate;
    }
    if (unit == nullptr) return std::nullopt;
    text.remove_prefix(length);
    double value = 0;
    std::from_chars(number.data(), number.data() + number.size(), value);
    total += value * unit->nanoseconds;
  }
  if (!(total < 9e18)) return std::nullopt;
  return std::llround(total);
}

}  // namespace kontain::image::dockerfile
