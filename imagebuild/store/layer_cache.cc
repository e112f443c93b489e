#include "imagebuild/store/layer_cache.h"

#include <sys/stat.h>

#include <cerrno>
#include <ctime>

#include "imagebuild/oci/json.h"

namespace kontain::image {
namespace {

constexpr std::string_view kFormat = "layer 1";  // changes when layers of the same files get other bytes
constexpr time_t kTrustedAge = 2;                // seconds: well above any file system's resolution of ctime

struct Key {
  Digest digest;
  bool trusted = true;
};

// A text without a length would let two lists of fields look the same.
void add(Hasher& hasher, std::string_view field) {
  hasher.update(std::to_string(field.size()) + ":");
  hasher.update(field);
}

void add(Hasher& hasher, uint64_t field) { add(hasher, std::to_string(field)); }

void add_entry(Hasher& hasher, const Entry& entry) {
  add(hasher, entry.path);
  add(hasher, entry_type_name(entry.type));
  for (const uint64_t field : {uint64_t{entry.mode}, entry.uid, entry.gid, static_cast<uint64_t>(entry.mtime),
                               uint64_t{entry.device_major}, uint64_t{entry.device_minor}}) {
    add(hasher, field);
  }
  add(hasher, entry.link_target);
  add(hasher, entry.xattrs.size());
  for (const auto& [name, value] : entry.xattrs) {
    add(hasher, name);
    add(hasher, value);
  }
}

Result<void> add_host_file(Hasher& hasher, const std::string& path, time_t now, Key& key) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return fail_errno("stat", path, errno);
  for (const uint64_t field :
       {uint64_t{status.st_dev}, uint64_t{status.st_ino}, static_cast<uint64_t>(status.st_size),
        static_cast<uint64_t>(status.st_mtim.tv_sec), static_cast<uint64_t>(status.st_mtim.tv_nsec),
        static_cast<uint64_t>(status.st_ctim.tv_sec), static_cast<uint64_t>(status.st_ctim.tv_nsec)}) {
    add(hasher, field);
  }
  if (status.st_ctim.tv_sec + kTrustedAge >= now) key.trusted = false;
  return {};
}

Result<Key> key_of(const LayerFiles& files, const CompressOptions& options) {
  Key key;
  Hasher hasher;
  add(hasher, kFormat);
  add(hasher, compression_name(options.compression));
  add(hasher, static_cast<uint64_t>(options.level));
  const time_t now = time(nullptr);
  for (const LayerFile& file : files) {
    add_entry(hasher, file.entry);
    if (const auto* host = std::get_if<HostFile>(&file.content)) TRY(add_host_file(hasher, host->path, now, key));
    if (const auto* bytes = std::get_if<std::string>(&file.content)) add(hasher, *bytes);
  }
  key.digest = hasher.digest();
  return key;
}

// Nothing when the entry is not one of ours or its blob is gone.
std::optional<StoredLayer> read_entry(const Store& store, const std::string& text) {
  const auto document = parse_json(text, "cache");
  if (!document) return std::nullopt;
  JsonReader::State state{"cache", {}};
  const JsonReader from(state, &*document);
  const auto digest = Digest::parse(from["digest"].text());
  const auto diff_id = Digest::parse(from["diff_id"].text());
  StoredLayer layer;
  layer.descriptor.media_type = from["mediaType"].text();
  layer.descriptor.size = from["size"].required_size();
  if (!digest || !diff_id || !state.status) return std::nullopt;
  layer.descriptor.digest = *digest;
  layer.diff_id = *diff_id;
  if (!store.open_blob(layer.descriptor)) return std::nullopt;
  return layer;
}

}  // namespace

Result<StoredLayer> store_layer_cached(const Store& store, const LayerFiles& files, const CompressOptions& options) {
  TRY_ASSIGN(const Key key, key_of(files, options));
  if (key.trusted) {
    TRY_ASSIGN(const auto text, store.cached(key.digest));
    if (text) {
      if (const auto layer = read_entry(store, *text)) return *layer;
    }
  }
  TRY_ASSIGN(StoredLayer layer, store_layer(store, files, options));
  if (key.trusted) {
    const nlohmann::json entry = {{"mediaType", layer.descriptor.media_type},
                                  {"digest", layer.descriptor.digest.text()},
                                  {"size", layer.descriptor.size},
                                  {"diff_id", layer.diff_id.text()}};
    TRY(store.remember(key.digest, canonical_json(entry)));
  }
  return layer;
}

}  // namespace kontain::image
