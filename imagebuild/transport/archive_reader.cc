#include <map>

#include "imagebuild/layer/compress.h"
#include "imagebuild/layer/hashing_source.h"
#include "imagebuild/oci/json.h"
#include "imagebuild/oci/reference.h"
#include "imagebuild/store/image.h"
#include "imagebuild/tar/reader.h"
#include "imagebuild/transport/archive.h"
#include "imagebuild/transport/layout.h"

namespace kontain::image {
namespace {

constexpr std::string_view kBlobs = "blobs/sha256/";
constexpr size_t kMostDocuments = 1000;  // of JSON outside blobs/
constexpr size_t kMostFiles = 100'000;   // of an archive: not the files of its layers

// Everything an archive had. Layers and blobs are in the store already.
struct Contents {
  std::map<std::string, std::string> documents;  // small files, by path
  std::map<std::string, StoredLayer> layers;     // of docker's archives, by path
  std::map<std::string, std::string> links;      // symbolic links of `docker save`, by path
  bool has(const std::string& path) const { return documents.contains(path); }
};

class ArchiveImport {
 public:
  ArchiveImport(const Store& store, Platforms platforms) : store_(store), platforms_(platforms) {}

  Result<Imported> run(Source& archive, const std::string& name) {
    TRY(read(archive));
    if (contents_.has("index.json")) return finish_oci(name);
    if (contents_.has("manifest.json")) return finish_docker(name);
    return fail("archive", "", "neither index.json nor manifest.json is in it");
  }

 private:
  Result<void> read(Source& archive) {
    TRY_ASSIGN(const std::unique_ptr<Source> plain, make_decompressor(archive));
    TarLimits limits;
    limits.entries = kMostFiles;
    TRY_ASSIGN(TarReader tar, TarReader::create(*plain, limits));
    for (;;) {
      TRY_ASSIGN(const std::optional<Entry> entry, tar.next());
      if (!entry) return {};
      const auto path = normal_path(entry->path);
      if (!path) return fail("archive", entry->path, "a path with \"..\" or an impossible name");
      TRY(take(*entry, *path, tar.content()));
    }
  }

  Result<void> take(const Entry& entry, const std::string& path, Source& content) {
    if (entry.type == EntryType::Symlink) contents_.links[path] = entry.link_target;
    if (entry.type != EntryType::File) return {};
    if (path.starts_with(kBlobs)) return take_blob(path, content);
    if (path.ends_with(".tar")) return take_layer(path, content);
    if (!path.ends_with(".json") && path != "oci-layout") return {};
    if (contents_.documents.size() >= kMostDocuments) return fail("archive", path, "too many documents");
    TRY_ASSIGN(contents_.documents[path], read_all(content, kLargestDocument, path));
    return {};
  }

  Result<void> take_blob(const std::string& path, Source& content) {
    TRY_ASSIGN(Digest promised, Digest::parse("sha256:" + path.substr(kBlobs.size())));
    TRY_ASSIGN(BlobWriter writer, store_.new_blob());
    HashingSource hashing(content);
    TRY(copy_all(hashing, writer));
    const Digest found = hashing.digest();
    if (found != promised) return fail("archive", path, "damaged: its digest is " + found.text());
    TRY(writer.commit(kMediaLayer));
    return {};
  }

  // docker's layers have no digest of their own: they are packed, and judged later by the diff_id.
  Result<void> take_layer(const std::string& path, Source& content) {
    TRY_ASSIGN(const std::unique_ptr<Source> plain, make_decompressor(content));
    HashingSource hashing(*plain);
    TRY_ASSIGN(BlobWriter writer, store_.new_blob());
    TRY_ASSIGN(const std::unique_ptr<Compressor> compressor, make_compressor(writer, {}));
    TRY(copy_all(hashing, *compressor));
    TRY(compressor->finish());
    TRY_ASSIGN(const Descriptor descriptor, writer.commit(kMediaLayerGzip));
    contents_.layers[path] = {descriptor, hashing.digest()};
    return {};
  }

  Result<Imported> finish_oci(const std::string& name) {
    TRY_ASSIGN(const Index index, parse_index(contents_.documents["index.json"]));
    TRY_ASSIGN(const Descriptor root, entry_of(index, name, "archive"));
    struct Nothing final : BlobSource {
      Result<void> fetch(const Descriptor& descriptor, Sink&) override {
        return fail("archive", descriptor.digest.text(), "the blob is missing");
      }
    } nothing;
    TRY_ASSIGN(const Descriptor image, copy_into_store(nothing, store_, root, platforms_, {}));
    return Imported{image, name.empty() ? only_name(index) : name};
  }

  static std::string only_name(const Index& index) {
    const auto& annotations = index.manifests.front().annotations;
    const auto found = annotations.find(std::string(kAnnotationRefName));
    return found == annotations.end() ? "" : found->second;
  }

  Result<Imported> finish_docker(const std::string& name) {
    TRY_ASSIGN(const nlohmann::json document, parse_docker_manifest(contents_.documents["manifest.json"]));
    JsonReader::State state{"manifest.json", {}};
    std::optional<Imported> found;
    Result<void> made;
    JsonReader(state, &document)["images"].for_each([&](const JsonReader& entry) {
      const std::vector<std::string> tags = entry["RepoTags"].texts();
      if (found || !made || (!name.empty() && !has_name(tags, name))) return;
      auto image = docker_image(entry);
      if (!image) {
        made = tl::make_unexpected(image.error());
      } else {
        found = Imported{*image, !name.empty() ? name : tags.empty() ? "" : tags[0]};
      }
    });
    TRY(state.status);
    TRY(made);
    if (!found) return fail("archive", "", name.empty() ? "has no image" : "has no image called " + name);
    return *found;
  }

  static bool has_name(const std::vector<std::string>& tags, const std::string& name) {
    const auto wanted = Reference::parse(name);
    for (const std::string& tag : tags) {
      if (tag == name || (wanted && tag == wanted->text())) return true;
    }
    return false;
  }

  // The file is an array, which our strict reader takes as a member.
  static Result<nlohmann::json> parse_docker_manifest(const std::string& text) {
    return parse_json(R"({"images":)" + text + "}", "manifest.json");
  }

  Result<Descriptor> docker_image(const JsonReader& entry) {
    const std::string config_path = entry["Config"].required_text();
    const auto document = contents_.documents.find(normal_path(config_path).value_or(""));
    if (document == contents_.documents.end()) return fail("archive", config_path, "the configuration is missing");
    TRY_ASSIGN(const ImageConfig config, parse_config(document->second));
    Manifest manifest;
    for (const std::string& path : entry["Layers"].texts()) {
      TRY_ASSIGN(const StoredLayer layer, find_layer(path));
      const size_t i = manifest.layers.size();
      if (i >= config.diff_ids.size() || config.diff_ids[i] != layer.diff_id) {
        return fail("archive", path, "the layer is not the configuration's: " + layer.diff_id.text());
      }
      manifest.layers.push_back(layer.descriptor);
    }
    if (manifest.layers.size() != config.diff_ids.size()) return fail("archive", config_path, "layers are missing");
    TRY_ASSIGN(manifest.config, store_.put(kMediaConfig, document->second));
    return store_.put(kMediaManifest, to_text(manifest));
  }

  // `docker save` of old replaces a layer it wrote already by a link "../ID/layer.tar".
  Result<StoredLayer> find_layer(const std::string& path) {
    std::string at = normal_path(path).value_or("");
    if (const auto link = contents_.links.find(at); link != contents_.links.end()) {
      std::string target = link->second;
      if (target.starts_with("../")) target = target.substr(3);
      at = normal_path(target).value_or("");
    }
    const auto found = contents_.layers.find(at);
    if (found == contents_.layers.end()) return fail("archive", path, "the layer is missing");
    return found->second;
  }

  const Store& store_;
  Platforms platforms_;
  Contents contents_;
};

}  // namespace

Result<Imported> import_archive(const Store& store, Source& archive, const std::string& name, Platforms platforms) {
  return ArchiveImport(store, platforms).run(archive, name);
}

}  // namespace kontain::image
