// The words of an instruction as a shell would read them: quotes, escapes and variables (Dockerfile reference,
// "Environment replacement").
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace kontain::image::dockerfile {

inline constexpr size_t kMaxExpansion = 1 << 20;  // bytes that one word may become

// The value of a variable, or nothing when it is not set.
using Variables = std::function<std::optional<std::string>(std::string_view name)>;

// Reads words with one escape character. Failures are a line of text that says what is wrong with the word.
class ShellWords {
 public:
  explicit ShellWords(char escape) : escape_(escape) {}

  // `word` with its variables replaced and its quotes and escapes removed:
  // $x ${x} ${x:-w} ${x-w} ${x:+w} ${x+w} ${x:?w} ${x?w} ${x#p} ${x##p} ${x%p} ${x%%p} ${x/p/w} ${x//p/w}.
  tl::expected<std::string, std::string> expand(std::string_view word, const Variables& variables) const;
  // The same, cut at the blanks that are not quoted, also those that came with a variable's value.
  tl::expected<std::vector<std::string>, std::string> expand_to_words(std::string_view word,
                                                                      const Variables& variables) const;
  // The text of a here-document with its variables replaced: quotes stay, and an escape before $ is removed.
  tl::expected<std::string, std::string> expand_text(std::string_view text, const Variables& variables) const;
  // Cut at the blanks that are not quoted, quotes and escapes removed, no variable replaced.
  tl::expected<std::vector<std::string>, std::string> unquoted_words(std::string_view text) const;
  // Cut in the same way, every word as it stands.
  tl::expected<std::vector<std::string>, std::string> raw_words(std::string_view text) const;

 private:
  char escape_;
};

}  // namespace kontain::image::dockerfile
