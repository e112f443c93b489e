#include "imagebuild/registry/reply.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace kontain::image {
namespace {

// "https://Host:443/x" and "https://host/x?y" have the origin "https://host"; "" for what is no such URL.
std::string origin_of(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return "";
  const size_t end = url.find_first_of("/?#\\", scheme + 3);
  std::string origin(url.substr(0, end));
  std::ranges::transform(origin, origin.begin(), [](unsigned char c) { return static_cast<char>(tolower(c)); });
  // Who is named before "@" is not the host.
  if (origin.find('@') != std::string::npos) return "";
  for (const auto& [begin, port] : {std::pair{"https://", ":443"}, std::pair{"http://", ":80"}}) {
    if (origin.starts_with(begin) && origin.ends_with(port))
      origin.resize(origin.size() - std::string_view(port).size());
  }
  return origin;
}

}  // namespace

std::optional<uint64_t> header_number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

uint64_t received_bytes(std::string_view range) {
  if (!range.starts_with("0-")) return 0;
  const uint64_t last = header_number(range.substr(2)).value_or(0);
  return last == 0 || last == std::numeric_limits<uint64_t>::max() ? 0 : last + 1;
}

bool same_origin(std::string_view left, std::string_view right) {
  const std::string origin = origin_of(left);
  return !origin.empty() && origin == origin_of(right);
}

Result<std::string> upload_location(const std::string& base, const std::string& location) {
  if (location.starts_with("http://") || location.starts_with("https://")) {
    if (base.starts_with("https://") && location.starts_with("http://")) {
      return fail("push", base, "the registry wants the upload without TLS");
    }
    return location;
  }
  if (location.starts_with('/')) return base + location;
  return fail("push", base, "the registry does not say where to upload");
}

}  // namespace kontain::image
