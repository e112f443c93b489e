#include "imagebuild/oci/reference.h"

#include <algorithm>

#include "base/text.h"

namespace kontain::image {
namespace {

constexpr size_t kLongestName = 255;
constexpr size_t kLongestTag = 128;

bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_word(char c) { return is_lower_alnum(c) || (c >= 'A' && c <= 'Z') || c == '_'; }

// path-component: [a-z0-9]+ ((\.|_|__|-+) [a-z0-9]+)*
bool is_component(std::string_view text) {
  if (text.empty() || !is_lower_alnum(text.front()) || !is_lower_alnum(text.back())) return false;
  for (size_t i = 0; i < text.size();) {
    const size_t word = std::ranges::find_if_not(text.substr(i), is_lower_alnum) - text.substr(i).begin();
    if (word == 0) return false;
    i += word;
    if (i == text.size()) return true;
    const std::string_view rest = text.substr(i);
    const size_t separator = std::ranges::find_if(rest, is_lower_alnum) - rest.begin();
    const std::string_view between = rest.substr(0, separator);
    const bool dashes = between.find_first_not_of('-') == std::string_view::npos;
    if (!dashes && between != "." && between != "_" && between != "__") return false;
    i += separator;
  }
  return true;
}

bool is_repository(std::string_view text) {
  const auto components = split(text, '/');
  return !components.empty() && std::ranges::all_of(components, [](const auto& part) { return is_component(part); });
}

// tag: [\w][\w.-]{0,127}
bool is_tag(std::string_view text) {
  if (text.empty() || text.size() > kLongestTag || !is_word(text[0])) return false;
  return std::ranges::all_of(text, [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

bool is_registry(std::string_view text) {
  const size_t colon = text.rfind(':');
  std::string_view host = text;
  if (colon != std::string_view::npos && text.back() != ']') {
    const std::string_view port = text.substr(colon + 1);
    const bool digits = std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
    if (port.empty() || port.size() > 5 || !digits) return false;
    host = text.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) {
    return host.size() > 2 &&
           host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdefABCDEF:") == std::string_view::npos;
  }
  return !host.empty() && host[0] != '-' && host[0] != '.' &&
         std::ranges::all_of(host, [](char c) { return (is_word(c) && c != '_') || c == '.' || c == '-'; });
}

bool looks_like_registry(std::string_view text) {
  return text == "localhost" || text.find_first_of(".:") != std::string_view::npos;
}

}  // namespace

Result<Reference> Reference::parse(std::string_view text) {
  Reference made;
  std::string_view rest = text;
  const auto wrong = [&](std::string_view why) { return fail("image name", text.substr(0, 300), why); };
  if (const size_t at = rest.find('@'); at != std::string_view::npos) {
    TRY_ASSIGN(made.digest, Digest::parse(rest.substr(at + 1)));
    rest = rest.substr(0, at);
  }
  const size_t slash = rest.find('/');
  if (slash != std::string_view::npos && looks_like_registry(rest.substr(0, slash))) {
    made.registry = rest.substr(0, slash);
    if (!is_registry(made.registry)) return wrong("not the name of a registry");
    rest = rest.substr(slash + 1);
  }
  if (const size_t colon = rest.find(':'); colon != std::string_view::npos) {
    made.tag = rest.substr(colon + 1);
    if (!is_tag(made.tag)) return wrong("a tag has up to 128 letters, digits, '_', '.' and '-'");
    rest = rest.substr(0, colon);
  }
  made.repository = rest;
  if (!is_repository(rest) || rest.size() > kLongestName) {
    return wrong("a repository has lower-case letters, digits and single '.', '_' or '-' between them");
  }
  if (made.tag.empty() && made.digest.empty()) made.tag = "latest";
  return made;
}

std::string Reference::name() const { return registry.empty() ? repository : registry + "/" + repository; }

std::string Reference::text() const {
  return name() + (tag.empty() ? "" : ":" + tag) + (digest.empty() ? "" : "@" + digest.text());
}

}  // namespace kontain::image
