#include "imagebuild/context/glob.h"

#include <algorithm>

namespace kontain::image::context {
namespace {

constexpr size_t kMaxPattern = 4096;

// The UTF-8 sequence that `text` starts with, or its first byte.
std::string_view first_character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  size_t length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  length = std::min(length, text.size());
  for (size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) length = i;
  }
  return text.substr(0, length);
}

uint32_t code(std::string_view character) {
  auto value = static_cast<uint32_t>(static_cast<unsigned char>(character[0]));
  if (character.size() == 1) return value;
  value &= 0x7fu >> character.size();
  for (char c : character.substr(1)) value = value << 6 | (static_cast<unsigned char>(c) & 0x3f);
  return value;
}

}  // namespace

class Glob::Parser {
 public:
  Parser(std::string_view pattern, Stars stars) : pattern_(pattern), rest_(pattern), stars_(stars) {}

  Result<std::vector<Token>> parse() {
    while (!rest_.empty()) TRY(token());
    return std::move(tokens_);
  }

 private:
  Result<void> token() {
    switch (rest_[0]) {
      case '*': star(); return {};
      case '?':
        rest_.remove_prefix(1);
        tokens_.push_back({Kind::AnyOne, false, {}, {}});
        return {};
      case '[': return character_class();
      default: {
        TRY_ASSIGN(const std::string_view character, literal());
        tokens_.push_back({Kind::Character, false, std::string(character), {}});
        return {};
      }
    }
  }

  void star() {
    const size_t count = std::min(rest_.find_first_not_of('*'), rest_.size());
    rest_.remove_prefix(count);
    if (stars_ == Stars::Name || count == 1) {
      tokens_.push_back({Kind::Star, false, {}, {}});
      return;
    }
    if (rest_.starts_with('/')) rest_.remove_prefix(1);
    tokens_.push_back({rest_.empty() ? Kind::Rest : Kind::Folders, false, {}, {}});
  }

  // A character, possibly behind a backslash.
  Result<std::string_view> literal() {
    if (rest_[0] == '\\') rest_.remove_prefix(1);
    if (rest_.empty()) return fail("pattern", pattern_, "it ends with a backslash");
    const std::string_view character = first_character(rest_);
    rest_.remove_prefix(character.size());
    return character;
  }

  Result<void> character_class() {
    Token token{Kind::Class, false, {}, {}};
    rest_.remove_prefix(1);
    if (rest_.starts_with('^')) {
      token.negated = true;
      rest_.remove_prefix(1);
    }
    for (;;) {
      if (rest_.empty()) return unfinished();
      if (rest_[0] == ']' && !token.ranges.empty()) break;
      if (rest_[0] == '-' || rest_[0] == ']') return fail("pattern", pattern_, "a bad class in brackets");
      TRY_ASSIGN(const std::string_view low, literal());
      std::string_view high = low;
      if (rest_.starts_with('-')) {
        rest_.remove_prefix(1);
        if (rest_.empty()) return unfinished();
        TRY_ASSIGN(high, literal());
      }
      if (code(high) < code(low)) return fail("pattern", pattern_, "a range in brackets ends before it begins");
      token.ranges.emplace_back(code(low), code(high));
    }
    rest_.remove_prefix(1);
    tokens_.push_back(std::move(token));
    return {};
  }

  tl::unexpected<Error> unfinished() const { return fail("pattern", pattern_, "a [ without a ]"); }

  std::string_view pattern_, rest_;
  Stars stars_;
  std::vector<Token> tokens_;
};

Result<Glob> Glob::compile(std::string_view pattern, Stars stars) {
  if (pattern.size() > kMaxPattern) return fail("pattern", pattern.substr(0, 40), "it is too long");
  Glob glob;
  TRY_ASSIGN(glob.tokens_, Parser(pattern, stars).parse());
  return glob;
}

// Being in front of a token that may match nothing is being behind it too.
void Glob::add(std::vector<char>& states, size_t at) const {
  for (;; ++at) {
    states[at] = 1;
    if (at == tokens_.size()) return;
    const Kind kind = tokens_[at].kind;
    if (kind != Kind::Star && kind != Kind::Folders && kind != Kind::Rest) return;
  }
}

void Glob::step(const Token& token, size_t at, std::string_view character, std::vector<char>& next) const {
  const bool slash = character == "/";
  switch (token.kind) {
    case Kind::Character:
      if (token.text == character) add(next, at + 1);
      return;
    case Kind::AnyOne:
      if (!slash) add(next, at + 1);
      return;
    case Kind::Class: {
      const uint32_t value = code(character);
      const bool inside = std::any_of(token.ranges.begin(), token.ranges.end(),
                                      [&](const auto& range) { return range.first <= value && value <= range.second; });
      if (!slash && inside != token.negated) add(next, at + 1);
      return;
    }
    case Kind::Star:
      if (!slash) add(next, at);
      return;
    case Kind::Folders:
      // Inside the skipped components; only a / leads to what follows them.
      if (slash) add(next, at);
      next[at] = 1;
      return;
    case Kind::Rest: add(next, at); return;
  }
}

bool Glob::matches(std::string_view path) const {
  std::vector<char> now(tokens_.size() + 1, 0), next(now.size(), 0);
  add(now, 0);
  while (!path.empty()) {
    const std::string_view character = first_character(path);
    path.remove_prefix(character.size());
    std::fill(next.begin(), next.end(), 0);
    for (size_t at = 0; at < tokens_.size(); ++at) {
      if (now[at]) step(tokens_[at], at, character, next);
    }
    now.swap(next);
  }
  return now.back() != 0;
}

bool has_wildcard(std::string_view text) { return text.find_first_of("*?[\\") != std::string_view::npos; }

}  // namespace kontain::image::context
