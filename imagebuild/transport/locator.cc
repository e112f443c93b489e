#include "imagebuild/transport/locator.h"

#include <sys/stat.h>

#include <array>

#include "imagebuild/tar/reader.h"

namespace kontain::image {
namespace {

enum class Place { None, Path, Engine, Reference };

struct KindRow {
  std::string_view prefix;
  LocatorKind kind;
  Place place;
  std::string_view form;
};

constexpr std::array kKinds = {
    KindRow{"oci", LocatorKind::Layout, Place::Path, "oci:DIR[:NAME]"},
    KindRow{"oci-archive", LocatorKind::OciArchive, Place::Path, "oci-archive:FILE[:NAME]"},
    KindRow{"docker-archive", LocatorKind::DockerArchive, Place::Path, "docker-archive:FILE[:NAME]"},
    KindRow{"docker", LocatorKind::Docker, Place::Engine, "docker"},
    KindRow{"podman", LocatorKind::Podman, Place::Engine, "podman"},
    KindRow{"containerd", LocatorKind::Containerd, Place::Engine, "containerd"},
    KindRow{"registry", LocatorKind::Registry, Place::Reference, "registry[:REFERENCE]"},
    KindRow{"store", LocatorKind::Store, Place::Reference, "store[:NAME]"},
};

constexpr std::string_view kDockerScheme = "docker://";

const KindRow* row_of(std::string_view prefix) {
  for (const KindRow& row : kKinds) {
    if (row.prefix == prefix) return &row;
  }
  return nullptr;
}

bool has_oci_layout(const std::string& folder) {
  struct stat status{};
  return stat((folder + "/oci-layout").c_str(), &status) == 0;
}

// DIR[:NAME]: names may have colons, paths before the first one may not.
void set_path(Locator& locator, std::string_view rest) {
  const size_t colon = rest.find(':');
  locator.path = rest.substr(0, colon);
  if (colon != std::string_view::npos) locator.name = rest.substr(colon + 1);
}

bool looks_like_path(std::string_view text) {
  return text.starts_with('/') || text.starts_with("./") || text.starts_with("../") || text == "." || text == "..";
}

Result<Locator> at_path(std::string_view text) {
  Locator made;
  made.path = text;
  struct stat status{};
  if (stat(made.path.c_str(), &status) != 0) return fail_errno("image", text, errno);
  if (S_ISDIR(status.st_mode)) {
    made.kind = LocatorKind::Layout;
    if (!has_oci_layout(made.path)) return fail("image", text, "a folder without the file oci-layout");
    return made;
  }
  // Both kinds of archive are read by the same code, which looks at what is in it.
  made.kind = LocatorKind::OciArchive;
  return made;
}

// A known prefix and what follows it; nothing when the text is a plain name.
Result<std::optional<Locator>> by_prefix(std::string_view text) {
  Locator made;
  if (text.starts_with(kDockerScheme)) {
    made.kind = LocatorKind::Registry;
    made.name = text.substr(kDockerScheme.size());
    return std::optional(made);
  }
  const size_t colon = text.find(':');
  const KindRow* row = row_of(text.substr(0, colon));
  if (!row) return std::nullopt;
  const std::string_view rest = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  made.kind = row->kind;
  if (row->place == Place::Path) {
    set_path(made, rest);
    if (made.path.empty()) return fail("image", text, std::string("expected ") + std::string(row->form));
  } else {
    made.name = rest;
  }
  return std::optional(made);
}

}  // namespace

Result<Locator> Locator::parse_source(std::string_view text) {
  if (text.empty()) return fail("image", "", "no name");
  if (looks_like_path(text)) return at_path(text);
  // "docker:20" is an image called docker: an engine is no place to read from.
  TRY_ASSIGN(const std::optional<Locator> found, by_prefix(text));
  const KindRow* row = row_of(text.substr(0, text.find(':')));
  const bool engine = row && row->place == Place::Engine && !text.starts_with(kDockerScheme);
  if (found && !engine && !(found->name.empty() && found->path.empty())) return *found;
  Locator made;
  made.name = text;
  return made;
}

Result<Locator> Locator::parse_output(std::string_view text) {
  if (looks_like_path(text)) return fail("--output", text, "say what to write: oci:, oci-archive: or docker-archive:");
  TRY_ASSIGN(std::optional<Locator> found, by_prefix(text));
  if (!found) return fail("--output", text, "no such kind");
  return *found;
}

std::string Locator::text() const {
  for (const KindRow& row : kKinds) {
    if (row.kind != kind) continue;
    const std::string& place = row.place == Place::Path ? path : name;
    return std::string(row.prefix) + (place.empty() ? "" : ":" + place);
  }
  return name;
}

std::vector<std::string> locator_forms() {
  std::vector<std::string> forms;
  for (const KindRow& row : kKinds) forms.emplace_back(row.form);
  return forms;
}

}  // namespace kontain::image
