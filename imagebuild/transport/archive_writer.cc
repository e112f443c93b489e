#include <algorithm>

#include "imagebuild/layer/compress.h"
#include "imagebuild/tar/writer.h"
#include "imagebuild/transport/archive.h"
#include "imagebuild/transport/layout.h"

namespace kontain::image {
namespace {

constexpr std::string_view kLayoutText = R"({"imageLayoutVersion":"1.0.0"})";

Entry plain_entry(const std::string& path, EntryType type, uint64_t size) {
  Entry entry;
  entry.path = path;
  entry.type = type;
  entry.mode = type == EntryType::Directory ? 0755 : 0644;
  entry.size = size;
  return entry;
}

Result<void> add_text(TarWriter& tar, const std::string& path, std::string_view text) {
  StringSource content(text);
  return tar.add(plain_entry(path, EntryType::File, text.size()), &content);
}

Result<void> add_blob(TarWriter& tar, const Store& store, const std::string& path, const Descriptor& descriptor) {
  TRY_ASSIGN(UniqueFd fd, store.open_blob(descriptor));
  FdSource file(std::move(fd), descriptor.digest.text());
  VerifyingSource content(file, descriptor);
  return tar.add(plain_entry(path, EntryType::File, descriptor.size), &content);
}

// Counts only.
class CountingSink final : public Sink {
 public:
  Result<void> write(std::string_view bytes) override {
    size_ += bytes.size();
    return {};
  }
  uint64_t size() const { return size_; }

 private:
  uint64_t size_ = 0;
};

// A layer that has to be unpacked is read twice: its size stands before its content.
Result<void> add_unpacked(TarWriter& tar, const Store& store, const std::string& path, const Descriptor& layer) {
  CountingSink count;
  for (int pass = 0; pass < 2; ++pass) {
    TRY_ASSIGN(UniqueFd fd, store.open_blob(layer));
    FdSource file(std::move(fd), layer.digest.text());
    VerifyingSource verified(file, layer);
    TRY_ASSIGN(const std::unique_ptr<Source> plain, make_decompressor(verified));
    if (pass == 0) {
      TRY(copy_all(*plain, count));
    } else {
      TRY(tar.add(plain_entry(path, EntryType::File, count.size()), plain.get()));
    }
  }
  return {};
}

}  // namespace

Result<void> write_oci_archive(const Store& store, const Descriptor& image, const std::string& name, Sink& sink) {
  TRY_ASSIGN(std::vector<Descriptor> blobs, reachable(store, image));
  std::ranges::sort(blobs, {}, [](const Descriptor& blob) { return blob.digest.hex(); });
  TRY_ASSIGN(TarWriter tar, TarWriter::create(sink));
  // What says what it is comes first, so that a reader of a stream knows.
  TRY(add_text(tar, "oci-layout", kLayoutText));
  Index index;
  index.manifests.push_back(index_entry(image, name));
  TRY(add_text(tar, "index.json", to_text(index)));
  TRY(tar.add(plain_entry("blobs", EntryType::Directory, 0)));
  TRY(tar.add(plain_entry("blobs/sha256", EntryType::Directory, 0)));
  for (const Descriptor& blob : blobs) TRY(add_blob(tar, store, "blobs/sha256/" + blob.digest.hex(), blob));
  return tar.finish();
}

Result<void> write_docker_archive(const Store& store, const Descriptor& image, const std::string& name, Sink& sink) {
  TRY_ASSIGN(const Descriptor selected, store.select_platform(image));
  TRY_ASSIGN(const Manifest manifest, store.manifest(selected));
  TRY_ASSIGN(const ImageConfig config, store.config(manifest));
  TRY_ASSIGN(TarWriter tar, TarWriter::create(sink));
  nlohmann::json layers = nlohmann::json::array();
  std::vector<std::string> folders;
  for (size_t i = 0; i < manifest.layers.size(); ++i) {
    const std::string& folder = config.diff_ids[i].hex();
    const std::string path = folder + "/layer.tar";
    layers.push_back(path);
    if (std::ranges::find(folders, folder) != folders.end()) continue;  // the same layer twice
    folders.push_back(folder);
    TRY(tar.add(plain_entry(folder, EntryType::Directory, 0)));
    const Descriptor& layer = manifest.layers[i];
    if (media_type(layer.media_type).compression == Compression::Zstd) {
      TRY(add_unpacked(tar, store, path, layer));
    } else {
      TRY(add_blob(tar, store, path, layer));
    }
  }
  const std::string config_name = manifest.config.digest.hex() + ".json";
  TRY(add_blob(tar, store, config_name, manifest.config));
  nlohmann::json entry = {{"Config", config_name}, {"Layers", layers}, {"RepoTags", nlohmann::json::array()}};
  if (!name.empty()) entry["RepoTags"].push_back(name);
  TRY(add_text(tar, "manifest.json", nlohmann::json::array({entry}).dump()));
  return tar.finish();
}

}  // namespace kontain::image
