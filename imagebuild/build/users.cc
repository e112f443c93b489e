#include "imagebuild/build/users.h"

#include <charconv>

#include "base/text.h"

namespace kontain::image::build {
namespace {

using Fields = std::vector<std::string>;

std::optional<uint32_t> number(std::string_view text) {
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == UINT32_MAX) return std::nullopt;
  return value;
}

// The first line whose name, or else whose number, is `wanted`.
std::optional<Fields> find_line(const std::string& file, std::string_view wanted, size_t fields) {
  std::optional<Fields> by_number;
  for (const std::string& line : split(file, '\n')) {
    Fields parts = split(line, ':');
    if (parts.size() < fields || !number(parts[2])) continue;
    if (parts[0] == wanted) return parts;
    if (!by_number && number(wanted) && number(wanted) == number(parts[2])) by_number = std::move(parts);
  }
  return by_number;
}

std::vector<uint32_t> further_groups(const std::string& file, std::string_view user) {
  std::vector<uint32_t> out;
  for (const std::string& line : split(file, '\n')) {
    const Fields parts = split(line, ':');
    if (parts.size() < 4 || !number(parts[2])) continue;
    for (const std::string& member : split(parts[3], ',')) {
      if (member == user) out.push_back(*number(parts[2]));
    }
  }
  return out;
}

}  // namespace

Result<Identity> find_identity(const UserFiles& files, std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view user = text.substr(0, colon);
  const std::string_view group = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  Identity identity;
  const auto line = find_line(files.passwd, user, 6);
  if (line) {
    identity.uid = *number((*line)[2]);
    identity.gid = number((*line)[3]).value_or(0);
    identity.home = (*line)[5].empty() ? "/" : (*line)[5];
    if (group.empty()) identity.groups = further_groups(files.group, (*line)[0]);
  } else if (const auto uid = number(user)) {
    identity.uid = *uid;
  } else {
    return fail("user", user, "it is not in the image's /etc/passwd");
  }
  if (group.empty()) return identity;
  if (const auto found = find_line(files.group, group, 3))
    identity.gid = *number((*found)[2]);
  else if (const auto gid = number(group))
    identity.gid = *gid;
  else
    return fail("group", group, "it is not in the image's /etc/group");
  return identity;
}

}  // namespace kontain::image::build
