#include "imagebuild/context/ignore.h"

#include "base/text.h"

namespace kontain::image::context {
namespace {

constexpr size_t kMaxFile = 1 << 20;
constexpr size_t kMaxPatterns = 10'000;

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\v\f");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\v\f") - first + 1);
}

// A pattern that matches a folder matches everything below it.
bool matches_or_parent(const Glob& glob, std::string_view path) {
  if (glob.matches(path)) return true;
  for (size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
    if (glob.matches(path.substr(0, slash))) return true;
  }
  return false;
}

}  // namespace

std::string clean_path(std::string_view path) {
  std::vector<std::string> parts;
  for (std::string& part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..")
      parts.push_back(std::move(part));
    else if (!parts.empty())
      parts.pop_back();
  }
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : "/") + part;
  return out;
}

Result<void> IgnoreList::add(std::string_view pattern) {
  pattern = trimmed(pattern);
  if (pattern.empty()) return {};
  const bool exception = pattern.starts_with('!');
  if (exception) pattern = trimmed(pattern.substr(1));
  if (pattern.empty()) return fail("pattern", "!", "there is nothing behind the exclamation mark");
  const std::string clean = clean_path(pattern);
  if (clean.empty()) return {};
  if (patterns_.size() >= kMaxPatterns) return fail("pattern", clean, "there are too many patterns");
  TRY_ASSIGN(Glob glob, Glob::compile(clean, Stars::Path));
  patterns_.push_back({std::move(glob), exception});
  exceptions_ |= exception;
  return {};
}

Result<IgnoreList> IgnoreList::parse(std::string_view text, std::string_view file_name) {
  if (text.size() > kMaxFile) return fail(file_name, "", "the file is too long");
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  IgnoreList list;
  size_t number = 0;
  for (const std::string& line : split(text, '\n')) {
    ++number;
    if (line.starts_with('#')) continue;
    if (auto added = list.add(line); !added) {
      return fail(std::string(file_name) + ":" + std::to_string(number), added.error().detail, added.error().reason);
    }
  }
  return list;
}

bool IgnoreList::ignores(std::string_view path) const {
  bool ignored = false;
  for (const Pattern& pattern : patterns_) {
    // Only a pattern that would change the answer so far needs to be asked.
    if (pattern.exception == ignored && matches_or_parent(pattern.glob, path)) ignored = !pattern.exception;
  }
  return ignored;
}

}  // namespace kontain::image::context
