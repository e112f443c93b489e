#include "imagebuild/oci/json.h"
#include "imagebuild/oci/model.h"

namespace kontain::image {
namespace {

Platform read_platform(const JsonReader& from) {
  return {from["architecture"].required_text(), from["os"].required_text(), from["os.version"].text(),
          from["os.features"].texts(), from["variant"].text()};
}

nlohmann::json platform_json(const Platform& platform) {
  nlohmann::json made = {{"architecture", platform.architecture}, {"os", platform.os}};
  if (!platform.os_version.empty()) made["os.version"] = platform.os_version;
  if (!platform.os_features.empty()) made["os.features"] = platform.os_features;
  if (!platform.variant.empty()) made["variant"] = platform.variant;
  return made;
}

// RFC 6838, 4.2: a type and a subtype.
bool is_media_type(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == text.size() || text.size() > 255) return false;
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&-^_.+/") ==
         std::string_view::npos;
}

Descriptor read_descriptor(const JsonReader& from) {
  Descriptor made;
  if (!from.is_object()) {
    from.fail("a descriptor is expected");
    return made;
  }
  made.media_type = from["mediaType"].required_text();
  if (!is_media_type(made.media_type)) from["mediaType"].fail("not a media type");
  const auto digest = Digest::parse(from["digest"].required_text());
  if (digest) {
    made.digest = *digest;
  } else {
    from["digest"].fail(digest.error().reason);
  }
  made.size = from["size"].required_size();
  made.urls = from["urls"].texts();
  made.annotations = from["annotations"].text_map();
  made.artifact_type = from["artifactType"].text();
  if (from["platform"].present()) made.platform = read_platform(from["platform"]);
  return made;
}

// What manifests and indexes have in common. `mine` and `other` are the arrays of which a document has one.
template <class Document>
void read_common(const JsonReader& from, MediaKind kind, const char* other, Document& made) {
  if (from["schemaVersion"].number() != 2) from["schemaVersion"].fail("2 is expected");
  if (from["mediaType"].present()) made.media_type = from["mediaType"].text();
  if (media_type(made.media_type).kind != kind) from["mediaType"].fail("contradicts what the document contains");
  if (from[other].present()) from[other].fail("is both a manifest's and an index's document");
  made.artifact_type = from["artifactType"].text();
  made.annotations = from["annotations"].text_map();
  if (from["subject"].present()) made.subject = read_descriptor(from["subject"]);
}

template <class Document>
nlohmann::json common_json(const Document& document) {
  nlohmann::json made = {{"schemaVersion", 2}, {"mediaType", document.media_type}};
  if (!document.artifact_type.empty()) made["artifactType"] = document.artifact_type;
  if (!document.annotations.empty()) made["annotations"] = document.annotations;
  if (document.subject) made["subject"] = to_json(*document.subject);
  return made;
}

nlohmann::json descriptors_json(const std::vector<Descriptor>& descriptors) {
  nlohmann::json made = nlohmann::json::array();
  for (const Descriptor& descriptor : descriptors) made.push_back(to_json(descriptor));
  return made;
}

std::vector<Descriptor> read_descriptors(const JsonReader& from) {
  std::vector<Descriptor> made;
  if (!from.present()) from.fail("is missing");
  from.for_each([&](const JsonReader& element) { made.push_back(read_descriptor(element)); });
  return made;
}

}  // namespace

nlohmann::json to_json(const Descriptor& descriptor) {
  nlohmann::json made = {
      {"mediaType", descriptor.media_type}, {"digest", descriptor.digest.text()}, {"size", descriptor.size}};
  if (!descriptor.urls.empty()) made["urls"] = descriptor.urls;
  if (!descriptor.annotations.empty()) made["annotations"] = descriptor.annotations;
  if (!descriptor.artifact_type.empty()) made["artifactType"] = descriptor.artifact_type;
  if (descriptor.platform) made["platform"] = platform_json(*descriptor.platform);
  return made;
}

Descriptor describe(std::string_view media_type, std::string_view bytes) {
  Descriptor made;
  made.media_type = media_type;
  made.digest = Digest::of(bytes);
  made.size = bytes.size();
  return made;
}

Result<Manifest> parse_manifest(std::string_view text) {
  TRY_ASSIGN(const nlohmann::json value, parse_json(text, "manifest"));
  JsonReader::State state{"manifest", {}};
  const JsonReader from(state, &value);
  Manifest made;
  read_common(from, MediaKind::Manifest, "manifests", made);
  made.config = read_descriptor(from["config"]);
  made.layers = read_descriptors(from["layers"]);
  TRY(state.status);
  return made;
}

Result<Index> parse_index(std::string_view text) {
  TRY_ASSIGN(const nlohmann::json value, parse_json(text, "index"));
  JsonReader::State state{"index", {}};
  const JsonReader from(state, &value);
  Index made;
  read_common(from, MediaKind::Index, "layers", made);
  made.manifests = read_descriptors(from["manifests"]);
  TRY(state.status);
  return made;
}

Result<std::string> document_media_type(std::string_view text) {
  TRY_ASSIGN(const nlohmann::json value, parse_json(text, "document"));
  JsonReader::State state{"document", {}};
  const JsonReader from(state, &value);
  std::string named = from["mediaType"].text();
  TRY(state.status);
  if (!named.empty()) return named;
  if (from["schemaVersion"].value() && from["schemaVersion"].number() == 1) {
    return fail("manifest", "", "Docker's schema 1 is not supported");
  }
  return std::string(from["manifests"].present() ? kMediaIndex : kMediaManifest);
}

std::string to_text(const Manifest& manifest) {
  nlohmann::json made = common_json(manifest);
  made["config"] = to_json(manifest.config);
  made["layers"] = descriptors_json(manifest.layers);
  return canonical_json(made);
}

std::string to_text(const Index& index) {
  nlohmann::json made = common_json(index);
  made["manifests"] = descriptors_json(index.manifests);
  return canonical_json(made);
}

}  // namespace kontain::image
