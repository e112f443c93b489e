// Patterns for paths with / between components. The time a match takes is bounded by pattern times path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace kontain::image::context {

// What `**` means.
enum class Stars {
  Name,  // the same as *: any text without a / (Go's path/filepath.Match, which COPY's sources follow)
  Path,  // any number of components (.dockerignore)
};

// `*` any text and `?` any character but /, `[a-z]` `[^a-z]` classes, `\` before an ordinary character.
class Glob {
 public:
  // Fails for an unfinished class or escape.
  static Result<Glob> compile(std::string_view pattern, Stars stars);
  bool matches(std::string_view path) const;

 private:
  enum class Kind : uint8_t { Character, AnyOne, Class, Star, Folders, Rest };
  struct Token {
    Kind kind = Kind::Character;
    bool negated = false;
    std::string text;                                   // of a Character
    std::vector<std::pair<uint32_t, uint32_t>> ranges;  // of a Class
  };
  class Parser;

  void add(std::vector<char>& states, size_t at) const;
  void step(const Token& token, size_t at, std::string_view character, std::vector<char>& next) const;
  std::vector<Token> tokens_;
};

// Whether a path or one component of it needs Glob at all.
bool has_wildcard(std::string_view text);

}  // namespace kontain::image::context
