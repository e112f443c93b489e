#include "imagebuild/dockerfile/shell_words.h"

#include "imagebuild/dockerfile/pattern.h"

namespace kontain::image::dockerfile {
namespace {

constexpr int kMaxDepth = 64;  // of ${a:-${b:-…}}

using Text = tl::expected<std::string, std::string>;
using Words = tl::expected<std::vector<std::string>, std::string>;

tl::unexpected<std::string> bad(std::string text) { return tl::make_unexpected(std::move(text)); }

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char c) { return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }

enum class Keep { Nothing, Escapes };

// What a run of the lexer does with what it meets.
struct Mode {
  bool quotes = true;        // ' and " are quotes
  bool keep_raw = false;     // quotes and escapes stay in the words
  bool variables = true;     // $ is special
  bool lone_escape = false;  // an escape is one only before $ and itself (here-documents)
};

// Collects the words while the lexer goes over the text.
class WordList {
 public:
  void blank_or(char c) {
    if (!is_space(c)) return raw(c);
    if (!word_.empty()) words_.push_back(std::exchange(word_, {}));
  }
  void cut(std::string_view text) {
    for (char c : text) blank_or(c);
  }
  void raw(char c) { word_ += c; }
  void raw(std::string_view text) { word_ += text; }
  std::vector<std::string> take() {
    if (!word_.empty()) words_.push_back(std::exchange(word_, {}));
    return std::move(words_);
  }

 private:
  std::string word_;
  std::vector<std::string> words_;
};

class Lexer {
 public:
  Lexer(std::string_view text, char escape, Mode mode, const Variables& variables)
      : text_(text), escape_(escape), mode_(mode), variables_(variables) {}

  // Up to `stop`, which is consumed, or to the end when `stop` is 0.
  Text run(char stop, Keep keep, WordList* words) {
    std::string out;
    for (;;) {
      if (out.size() > kMaxExpansion) return bad("a word becomes too long");
      if (at_end()) break;
      const char c = text_[at_];
      if (stop != 0 && c == stop) {
        ++at_;
        return out;
      }
      if (!is_special(c)) {
        ordinary(out, keep, words);
        continue;
      }
      Text part = special(c);
      if (!part) return part;
      out += *part;
      if (words) c == '$' ? words->cut(*part) : words->raw(*part);
    }
    if (stop == 0) return out;
    return bad(std::string("'") + stop + "' is missing in ${}");
  }

 private:
  bool at_end() const { return at_ >= text_.size(); }

  bool is_special(char c) const { return (c == '$' && mode_.variables) || ((c == '\'' || c == '"') && mode_.quotes); }

  Text special(char c) { return c == '$' ? dollar() : c == '"' ? double_quoted() : single_quoted(); }

  void ordinary(std::string& out, Keep keep, WordList* words) {
    char c = text_[at_++];
    const bool escapes = c == escape_ && (!mode_.lone_escape || (!at_end() && text_[at_] == '$'));
    if (!escapes) {
      out += c;
      if (words) words->blank_or(c);
      return;
    }
    if (keep == Keep::Escapes || mode_.keep_raw) {
      out += c;
      if (words) words->raw(c);
    }
    if (at_end()) return;
    c = text_[at_++];
    out += c;
    if (words) words->raw(c);
  }

  Text single_quoted() {
    const size_t end = text_.find('\'', at_ + 1);
    if (end == std::string_view::npos) return bad("a ' has no other end");
    const std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return mode_.keep_raw ? "'" + std::string(inside) + "'" : std::string(inside);
  }

  Text double_quoted() {
    std::string out;
    ++at_;
    for (; !at_end() && text_[at_] != '"';) {
      if (out.size() > kMaxExpansion) return bad("a word becomes too long");
      if (text_[at_] == '$' && mode_.variables) {
        Text value = dollar();
        if (!value) return value;
        out += *value;
      } else {
        quoted_character(out);
      }
    }
    if (at_end()) return bad("a \" has no other end");
    ++at_;
    return mode_.keep_raw ? "\"" + out + "\"" : out;
  }

  // An escape in double quotes is one only before ", $ and itself.
  void quoted_character(std::string& out) {
    const char c = text_[at_++];
    if (c == escape_ && !at_end()) {
      const char next = text_[at_];
      const bool escapes = next == '"' || next == '$' || next == escape_;
      if (escapes) ++at_;
      if (!escapes || mode_.keep_raw) out += c;
      if (escapes) out += next;
      return;
    }
    if (c != escape_ || mode_.keep_raw) out += c;
  }

  std::string name() {
    const size_t start = at_;
    if (at_end()) return {};
    if (is_digit(text_[at_])) {
      while (!at_end() && is_digit(text_[at_])) ++at_;
    } else if (std::string_view("@*#?-$!").find(text_[at_]) != std::string_view::npos) {
      ++at_;
    } else {
      while (!at_end() && is_name(text_[at_])) ++at_;
    }
    return std::string(text_.substr(start, at_ - start));
  }

  std::optional<std::string> value_of(const std::string& variable) const {
    return variables_ ? variables_(variable) : std::nullopt;
  }

  Text dollar() {
    ++at_;
    if (at_end() || text_[at_] != '{') {
      const std::string variable = name();
      return variable.empty() ? std::string("$") : value_of(variable).value_or("");
    }
    ++at_;
    if (++depth_ > kMaxDepth) return bad("too many ${ inside each other");
    Text value = braces();
    --depth_;
    return value;
  }

  // Behind `${`.
  Text braces() {
    if (at_end()) return bad("'}' is missing in ${}");
    if (std::string_view("{}:").find(text_[at_]) != std::string_view::npos)
      return bad("bad substitution: no name in ${}");
    const std::string variable = name();
    if (variable.empty()) return bad("bad substitution: no name in ${}");
    if (at_end()) return bad("'}' is missing in ${}");
    char modifier = text_[at_++];
    if (modifier == '}') return value_of(variable).value_or("");
    if (modifier == '/') return replacement(variable);
    bool empty_is_unset = false;
    if (modifier == ':') {
      empty_is_unset = true;
      if (at_end()) return bad("'}' is missing in ${}");
      modifier = text_[at_++];
    }
    return modified(variable, modifier, empty_is_unset);
  }

  Text modified(const std::string& variable, char modifier, bool empty_is_unset) {
    const bool pattern = modifier == '#' || modifier == '%';
    if (!pattern && std::string_view("-+?").find(modifier) == std::string_view::npos) {
      return bad(std::string("unsupported modifier '") + (empty_is_unset ? ":" : "") + modifier + "' in ${}");
    }
    Text word = run('}', pattern ? Keep::Escapes : Keep::Nothing, nullptr);
    if (!word) return word;
    const auto value = value_of(variable);
    const bool set = value && !(empty_is_unset && value->empty());
    switch (modifier) {
      case '-': return set ? *value : *word;
      case '+': return set ? *word : std::string();
      case '?': return set ? Text(*value) : bad(complaint(variable, *word, value.has_value()));
      default: return trimmed(value.value_or(""), modifier, *word);
    }
  }

  static std::string complaint(const std::string& variable, const std::string& word, bool is_set) {
    if (!word.empty()) return variable + ": " + word;
    return variable + (is_set ? ": is not allowed to be empty" : ": is not allowed to be unset");
  }

  static Text trimmed(const std::string& value, char modifier, std::string_view pattern) {
    Reach reach = Reach::Shortest;
    if (pattern.starts_with(modifier)) {
      reach = Reach::Longest;
      pattern.remove_prefix(1);
    }
    return modifier == '#' ? without_prefix(value, pattern, reach) : without_suffix(value, pattern, reach);
  }

  // Behind `${name/`.
  Text replacement(const std::string& variable) {
    Replace which = Replace::First;
    if (!at_end() && text_[at_] == '/') {
      which = Replace::All;
      ++at_;
    }
    Text pattern = run('/', Keep::Escapes, nullptr);
    if (!pattern) return pattern;
    Text by = run('}', Keep::Nothing, nullptr);
    if (!by) return by;
    return replaced(value_of(variable).value_or(""), *pattern, *by, which);
  }

  std::string_view text_;
  size_t at_ = 0;
  char escape_;
  Mode mode_;
  const Variables& variables_;
  int depth_ = 0;
};

Words words_of(std::string_view text, char escape, Mode mode, const Variables& variables) {
  WordList words;
  const Text all = Lexer(text, escape, mode, variables).run(0, Keep::Nothing, &words);
  if (!all) return bad(all.error());
  return words.take();
}

}  // namespace

Text ShellWords::expand(std::string_view word, const Variables& variables) const {
  return Lexer(word, escape_, {}, variables).run(0, Keep::Nothing, nullptr);
}

Words ShellWords::expand_to_words(std::string_view word, const Variables& variables) const {
  return words_of(word, escape_, {}, variables);
}

Text ShellWords::expand_text(std::string_view text, const Variables& variables) const {
  return Lexer(text, escape_, {.quotes = false, .lone_escape = true}, variables).run(0, Keep::Nothing, nullptr);
}

Words ShellWords::unquoted_words(std::string_view text) const {
  return words_of(text, escape_, {.variables = false}, Variables());
}

Words ShellWords::raw_words(std::string_view text) const {
  return words_of(text, escape_, {.keep_raw = true, .variables = false}, Variables());
}

}  // namespace kontain::image::dockerfile
