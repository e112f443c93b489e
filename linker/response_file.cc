#include "linker/response_file.h"

#include <fstream>
#include <iterator>
#include <optional>

namespace kontain::linker {
namespace {

// Deeper nesting than this is a file that names itself.
constexpr int kMaxDepth = 32;

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::optional<std::string> read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) return std::nullopt;
  return text;
}

Result<std::vector<std::string>> expand(const std::vector<std::string>& args, int depth) {
  std::vector<std::string> out;
  for (const std::string& arg : args) {
    std::optional<std::string> text;
    if (arg.size() > 1 && arg.front() == '@') text = read_text(arg.substr(1));
    if (!text) {
      out.push_back(arg);
      continue;
    }
    if (depth == kMaxDepth) return fail("error", arg, "response files are nested too deeply");
    TRY_ASSIGN(const std::vector<std::string> inner, expand(split_response_text(*text), depth + 1));
    out.insert(out.end(), inner.begin(), inner.end());
  }
  return out;
}

}  // namespace

std::vector<std::string> split_response_text(std::string_view text) {
  std::vector<std::string> args;
  std::string current;
  bool in_argument = false;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == 0 && is_space(c)) {
      if (in_argument) args.push_back(std::move(current));
      current.clear();
      in_argument = false;
      continue;
    }
    in_argument = true;
    if (c == '\\' && i + 1 < text.size()) {
      current += text[++i];
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else {
      current += c;
    }
  }
  if (in_argument) args.push_back(std::move(current));
  return args;
}

Result<std::vector<std::string>> expand_response_files(const std::vector<std::string>& args) { return expand(args, 0); }

}  // namespace kontain::linker
