// image-spec 1.1 as values: descriptor, manifest, index, configuration.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "imagebuild/oci/digest.h"
#include "imagebuild/oci/media_type.h"

namespace kontain::image {

using TextMap = std::map<std::string, std::string>;

inline constexpr std::string_view kAnnotationRefName = "org.opencontainers.image.ref.name";
inline constexpr std::string_view kAnnotationCreated = "org.opencontainers.image.created";

// descriptor.md and image-index.md: what runs an image.
struct Platform {
  std::string architecture;
  std::string os;
  std::string os_version;
  std::vector<std::string> os_features;
  std::string variant;
  bool operator==(const Platform&) const = default;
};

// descriptor.md
struct Descriptor {
  std::string media_type;
  Digest digest;
  uint64_t size = 0;
  std::vector<std::string> urls;
  TextMap annotations;
  std::string artifact_type;
  std::optional<Platform> platform;
  bool operator==(const Descriptor&) const = default;
};

// manifest.md, and Docker's schema 2, which differs by its media types only.
struct Manifest {
  std::string media_type{kMediaManifest};
  std::string artifact_type;
  Descriptor config;
  std::vector<Descriptor> layers;  // lowest first
  std::optional<Descriptor> subject;
  TextMap annotations;
};

// image-index.md, and Docker's manifest list.
struct Index {
  std::string media_type{kMediaIndex};
  std::string artifact_type;
  std::vector<Descriptor> manifests;
  std::optional<Descriptor> subject;
  TextMap annotations;
};

// The probe of a container; Docker's extension of the configuration (config.md, "Healthcheck" is reserved there).
// Times are nanoseconds, 0 means inherited.
struct Healthcheck {
  std::vector<std::string> test;
  int64_t interval = 0;
  int64_t timeout = 0;
  int64_t start_period = 0;
  int64_t start_interval = 0;
  int64_t retries = 0;
  bool operator==(const Healthcheck&) const = default;
};

// config.md, "config": with what a container is started.
struct RunConfig {
  std::string user;
  std::vector<std::string> exposed_ports;  // "80/tcp", sorted
  std::vector<std::string> env;            // "NAME=value", in order
  std::vector<std::string> entrypoint;
  std::vector<std::string> cmd;
  std::vector<std::string> volumes;  // sorted
  std::string working_dir;
  TextMap labels;
  std::string stop_signal;
  std::optional<Healthcheck> healthcheck;
  std::vector<std::string> shell;
  std::vector<std::string> on_build;
};

struct History {
  std::string created;  // RFC 3339, may be empty
  std::string created_by;
  std::string author;
  std::string comment;
  bool empty_layer = false;
};

// config.md
struct ImageConfig {
  std::string created;  // RFC 3339, may be empty
  std::string author;
  Platform platform{"amd64", "linux", "", {}, ""};
  RunConfig config;
  std::vector<Digest> diff_ids;  // of the uncompressed layers, lowest first
  std::vector<History> history;
  // Members that are not in the specification, of the document and of its "config": kept as they are.
  nlohmann::json unknown = nlohmann::json::object();
  nlohmann::json unknown_config = nlohmann::json::object();
};

// Each of them refuses what the specification's schema refuses; `text` may be hostile. An index or manifest whose
// mediaType contradicts what it contains is refused (CVE-2021-41190).
Result<Manifest> parse_manifest(std::string_view text);
Result<Index> parse_index(std::string_view text);
Result<ImageConfig> parse_config(std::string_view text);
// The "mediaType" of a document that may be a manifest or an index; guessed from its members when it has none.
Result<std::string> document_media_type(std::string_view text);

// Canonical text: the same value gives the same bytes.
std::string to_text(const Manifest& manifest);
std::string to_text(const Index& index);
std::string to_text(const ImageConfig& config);
nlohmann::json to_json(const Descriptor& descriptor);

// The descriptor of `bytes`.
Descriptor describe(std::string_view media_type, std::string_view bytes);

}  // namespace kontain::image
