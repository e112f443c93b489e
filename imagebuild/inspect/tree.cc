#include "imagebuild/inspect/tree.h"

#include <openssl/evp.h>

#include <array>
#include <functional>
#include <set>
#include <vector>

#include "imagebuild/layer/compress.h"
#include "imagebuild/layer/hashing_source.h"
#include "imagebuild/store/image.h"
#include "imagebuild/tar/reader.h"

namespace kontain::image {
namespace {

// SHA-1 is what SPDX 2.3 demands of every file; nothing is trusted because of it.
class Sha1 {
 public:
  Sha1() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    KONTAIN_CHECK(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha1(), nullptr) == 1);
  }
  void update(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  std::string hex() {
    std::array<unsigned char, 20> bytes{};
    EVP_DigestFinal_ex(context_.get(), bytes.data(), nullptr);
    std::string text;
    for (const unsigned char byte : bytes) {
      text += "0123456789abcdef"[byte >> 4];
      text += "0123456789abcdef"[byte & 15];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

using Visit = std::function<Result<void>(const Entry& entry, const std::string& path, Source& content)>;

Result<void> visit_tar(Source& layer, const Digest& diff_id, const Visit& visit) {
  TRY_ASSIGN(const std::unique_ptr<Source> plain, make_decompressor(layer));
  HashingSource hashing(*plain);
  TRY_ASSIGN(TarReader tar, TarReader::create(hashing));
  for (;;) {
    TRY_ASSIGN(const std::optional<Entry> entry, tar.next());
    if (!entry) break;
    const auto path = normal_path(entry->path);
    if (!path) return fail("layer", entry->path, "a path with \"..\" or an impossible name");
    if (!path->empty()) TRY(visit(*entry, *path, tar.content()));
  }
  TRY(hashing.drain());
  if (hashing.digest() != diff_id) return fail("layer", "", "the tar is not what the configuration says");
  return {};
}

Result<void> visit_layer(const Store& store, const StoredLayer& stored, const Visit& visit) {
  const Descriptor& layer = stored.descriptor;
  TRY_ASSIGN(UniqueFd fd, store.open_blob(layer));
  FdSource file(std::move(fd), layer.digest.text());
  VerifyingSource verified(file, layer);
  const auto visited = visit_tar(verified, stored.diff_id, visit);
  if (!visited) return fail("blob", layer.digest.text(), visited.error().message());
  return {};
}

Result<std::vector<StoredLayer>> stored_layers(const Store& store, const Descriptor& image) {
  TRY_ASSIGN(const Descriptor selected, store.select_platform(image));
  TRY_ASSIGN(const Manifest manifest, store.manifest(selected));
  TRY_ASSIGN(const ImageConfig config, store.config(manifest));
  return layers_of(manifest, config);
}

// Removes what lies below the folder `path`, and `path` itself when `itself` says so.
enum class Itself { Keep, Remove };
void erase_tree(FileTree& tree, const std::string& path, Itself itself, const std::set<std::string>& keep) {
  if (itself == Itself::Remove) tree.erase(path);
  const std::string below = path.empty() ? "" : path + "/";
  for (auto at = tree.lower_bound(below); at != tree.end() && at->first.starts_with(below);) {
    at = keep.contains(at->first) ? std::next(at) : tree.erase(at);
  }
}

class TreeBuilder {
 public:
  TreeBuilder(FileTree& tree, Checksums checksums) : tree_(tree), checksums_(checksums) {}

  void begin_layer(size_t number) {
    layer_ = number;
    made_.clear();
  }

  Result<void> add(const Entry& entry, const std::string& path, Source& content) {
    const size_t slash = path.rfind('/');
    const std::string parent = slash == std::string::npos ? "" : path.substr(0, slash);
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (name == kOpaqueWhiteout) {
      erase_tree(tree_, parent, Itself::Keep, made_);
      return {};
    }
    if (name.starts_with(kWhiteoutPrefix)) {
      const std::string hidden = name.substr(kWhiteoutPrefix.size());
      erase_tree(tree_, parent.empty() ? hidden : parent + "/" + hidden, Itself::Remove, {});
      return {};
    }
    if (entry.type != EntryType::Directory) erase_tree(tree_, path, Itself::Keep, {});
    TRY_ASSIGN(TreeFile file, describe(entry, path, content));
    tree_.insert_or_assign(path, std::move(file));
    made_.insert(path);
    return {};
  }

 private:
  Result<TreeFile> describe(const Entry& entry, const std::string& path, Source& content) {
    TreeFile file;
    if (entry.type == EntryType::Hardlink) {
      const auto target = tree_.find(normal_path(entry.link_target).value_or(""));
      if (target == tree_.end()) return fail("layer", path, "a hard link to nothing: " + entry.link_target);
      file = target->second;
    } else {
      file.entry = entry;
    }
    file.entry.path = path;
    file.layer = layer_;
    if (entry.type == EntryType::File) TRY(checksum(content, file));
    return file;
  }

  Result<void> checksum(Source& content, TreeFile& file) {
    Hasher sha256;
    Sha1 sha1;
    std::vector<char> buffer(size_t{64} << 10);
    for (;;) {
      TRY_ASSIGN(const size_t count, content.read(buffer));
      if (count == 0) break;
      sha256.update({buffer.data(), count});
      if (checksums_ == Checksums::Both) sha1.update({buffer.data(), count});
    }
    file.sha256 = sha256.digest();
    if (checksums_ == Checksums::Both) file.sha1 = sha1.hex();
    return {};
  }

  FileTree& tree_;
  const Checksums checksums_;
  size_t layer_ = 0;
  std::set<std::string> made_;  // by this layer
};

}  // namespace

Result<FileTree> read_tree(const Store& store, const Descriptor& image, Checksums checksums) {
  TRY_ASSIGN(const std::vector<StoredLayer> layers, stored_layers(store, image));
  FileTree tree;
  TreeBuilder builder(tree, checksums);
  for (size_t i = 0; i < layers.size(); ++i) {
    builder.begin_layer(i);
    TRY(visit_layer(store, layers[i], [&](const Entry& entry, const std::string& path, Source& content) {
      return builder.add(entry, path, content);
    }));
  }
  return tree;
}

Result<std::optional<std::string>> read_file(const Store& store, const Descriptor& image, const std::string& path,
                                             size_t limit) {
  TRY_ASSIGN(const std::vector<StoredLayer> layers, stored_layers(store, image));
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    std::optional<std::string> found;
    TRY(visit_layer(store, *layer, [&](const Entry& entry, const std::string& at, Source& content) -> Result<void> {
      if (at != path || entry.type != EntryType::File) return {};
      TRY_ASSIGN(found, read_all(content, limit, path));
      return {};
    }));
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace kontain::image
