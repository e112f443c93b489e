#include "imagebuild/dockerfile/pattern.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace kontain::image::dockerfile {
namespace {

// One element of a pattern: a character (a UTF-8 sequence), any character, or any text.
struct Element {
  enum class Kind { Character, AnyOne, AnyText } kind = Kind::Character;
  std::string_view text;
};

using Characters = std::vector<std::string_view>;

// `text` by characters; a byte that is no UTF-8 counts as one.
Characters characters(std::string_view text) {
  Characters out;
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text[0]);
    size_t length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    length = std::min(length, text.size());
    for (size_t i = 1; i < length; ++i) {
      if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) length = i;
    }
    out.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return out;
}

// Of an escape before anything but * ? and itself only `}` and `/` make sense: they would have ended the pattern.
tl::expected<std::vector<Element>, std::string> parse(std::string_view pattern) {
  std::vector<Element> out;
  const Characters all = characters(pattern);
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i] == "*") {
      out.push_back({Element::Kind::AnyText, {}});
    } else if (all[i] == "?") {
      out.push_back({Element::Kind::AnyOne, {}});
    } else if (all[i] != "\\") {
      out.push_back({Element::Kind::Character, all[i]});
    } else if (i + 1 < all.size() && std::string_view("*?\\}/").find(all[i + 1]) != std::string_view::npos) {
      out.push_back({Element::Kind::Character, all[++i]});
    } else {
      return tl::make_unexpected("the pattern '" + std::string(pattern) +
                                 "' has an escape before an ordinary character");
    }
  }
  return out;
}

// Matches at one place, all alternatives side by side, so that the time is bounded by length times length.
class Matcher {
 public:
  explicit Matcher(const std::vector<Element>& pattern) : pattern_(pattern) {}

  // How many characters from `start` on match the whole pattern, or nothing.
  std::optional<size_t> match(const Characters& text, size_t start, Reach reach) {
    std::optional<size_t> found;
    std::vector<char> now(pattern_.size() + 1, 0);
    add(now, 0);
    for (size_t length = 0;; ++length) {
      if (now.back()) found = length;
      if ((found && reach == Reach::Shortest) || start + length == text.size()) return found;
      if (!step(now, text[start + length])) return found;
    }
  }

 private:
  // Being in front of element `at` is being behind it too when it may be nothing.
  void add(std::vector<char>& states, size_t at) const {
    states[at] = 1;
    while (at < pattern_.size() && pattern_[at].kind == Element::Kind::AnyText) states[++at] = 1;
  }

  bool step(std::vector<char>& now, std::string_view character) const {
    std::vector<char> next(now.size(), 0);
    bool alive = false;
    for (size_t at = 0; at < pattern_.size(); ++at) {
      if (!now[at]) continue;
      const Element& element = pattern_[at];
      if (element.kind == Element::Kind::Character && element.text != character) continue;
      add(next, element.kind == Element::Kind::AnyText ? at : at + 1);
      alive = true;
    }
    now.swap(next);
    return alive;
  }

  const std::vector<Element>& pattern_;
};

tl::expected<std::vector<Element>, std::string> checked(std::string_view value, std::string_view pattern) {
  if (value.size() > kMaxPatternText || pattern.size() > kMaxPatternText) {
    return tl::make_unexpected(std::string("a value or pattern is too long to be matched"));
  }
  return parse(pattern);
}

std::string joined(const Characters& parts, size_t first, size_t last) {
  std::string out;
  for (size_t i = first; i < last; ++i) out += parts[i];
  return out;
}

}  // namespace

tl::expected<std::string, std::string> without_prefix(std::string_view value, std::string_view pattern, Reach reach) {
  const auto elements = checked(value, pattern);
  if (!elements) return tl::make_unexpected(elements.error());
  const Characters text = characters(value);
  const auto length = Matcher(*elements).match(text, 0, reach);
  return joined(text, length.value_or(0), text.size());
}

tl::expected<std::string, std::string> without_suffix(std::string_view value, std::string_view pattern, Reach reach) {
  auto elements = checked(value, pattern);
  if (!elements) return tl::make_unexpected(elements.error());
  std::reverse(elements->begin(), elements->end());
  const Characters text = characters(value);
  Characters reversed(text.rbegin(), text.rend());
  const auto length = Matcher(*elements).match(reversed, 0, reach);
  return joined(text, 0, text.size() - length.value_or(0));
}

tl::expected<std::string, std::string> replaced(std::string_view value, std::string_view pattern,
                                                std::string_view replacement, Replace which) {
  const auto elements = checked(value, pattern);
  if (!elements) return tl::make_unexpected(elements.error());
  const Characters text = characters(value);
  Matcher matcher(*elements);
  std::string out;
  bool done = false;
  for (size_t at = 0; at < text.size();) {
    const auto length = done ? std::nullopt : matcher.match(text, at, Reach::Longest);
    if (length) {
      out += replacement;
      done = which == Replace::First;
    }
    if (!length || *length == 0)
      out += text[at++];
    else
      at += *length;
  }
  return out;
}

}  // namespace kontain::image::dockerfile
