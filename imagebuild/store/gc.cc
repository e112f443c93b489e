#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <set>

#include "imagebuild/store/files.h"
#include "imagebuild/store/store.h"

namespace kontain::image {
namespace {

constexpr int kDeepestIndex = 4;  // an index of indexes; hostile ones must not recurse without end
constexpr size_t kLargestCacheEntry = size_t{1} << 20;

// Collects the digests that can be reached from names.
class Marker {
 public:
  explicit Marker(const Store& store) : store_(store) {}

  // What cannot be read is kept and not followed: gc never makes damage worse.
  void mark(const Descriptor& descriptor, int depth = 0) {
    const bool first = reached_.insert(descriptor.digest.hex()).second;
    if (!first || depth > kDeepestIndex) return;
    const MediaKind kind = media_type(descriptor.media_type).kind;
    if (kind == MediaKind::Manifest) {
      if (const auto manifest = store_.manifest(descriptor)) mark_manifest(*manifest, depth);
    } else if (kind == MediaKind::Index) {
      if (const auto index = store_.index(descriptor)) {
        for (const Descriptor& child : index->manifests) mark(child, depth + 1);
      }
    }
  }

  // Every digest that stands in `text`.
  void mark_text(std::string_view text) {
    static constexpr std::string_view kPrefix = "sha256:";
    for (size_t at = text.find(kPrefix); at != std::string_view::npos; at = text.find(kPrefix, at + 1)) {
      if (const auto digest = Digest::parse(text.substr(at, kPrefix.size() + 64))) reached_.insert(digest->hex());
    }
  }

  bool reached(const std::string& hex) const { return reached_.contains(hex); }

 private:
  void mark_manifest(const Manifest& manifest, int depth) {
    mark(manifest.config, depth + 1);
    for (const Descriptor& layer : manifest.layers) mark(layer, depth + 1);
  }

  const Store& store_;
  std::set<std::string> reached_;
};

Result<void> sweep_cache(int cache, std::chrono::seconds age, Marker& marker) {
  TRY_ASSIGN(const std::vector<std::string> names, list_folder(cache));
  const time_t limit = time(nullptr) - static_cast<time_t>(age.count());
  for (const std::string& name : names) {
    struct stat status{};
    if (fstatat(cache, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (status.st_mtime <= limit) {
      unlinkat(cache, name.c_str(), 0);
      continue;
    }
    TRY_ASSIGN(const auto text, read_file_at(cache, name, kLargestCacheEntry));
    if (text) marker.mark_text(*text);
  }
  return {};
}

Result<void> sweep_blobs(int blobs, const Marker& marker, GcReport& report) {
  TRY_ASSIGN(const std::vector<std::string> names, list_folder(blobs));
  for (const std::string& name : names) {
    if (marker.reached(name)) {
      ++report.kept;
      continue;
    }
    struct stat status{};
    if (fstatat(blobs, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (unlinkat(blobs, name.c_str(), 0) != 0) return fail_errno("gc", name, errno);
    ++report.blobs;
    report.bytes += static_cast<uint64_t>(status.st_size);
  }
  return {};
}

Result<void> sweep_recipes(int recipes, const Marker& marker) {
  TRY_ASSIGN(const std::vector<std::string> names, list_folder(recipes));
  for (const std::string& name : names) {
    if (!marker.reached(name)) unlinkat(recipes, name.c_str(), 0);
  }
  return {};
}

}  // namespace

Result<GcReport> Store::gc(std::chrono::seconds cache_age) const {
  TRY_ASSIGN(const UniqueFd sessions, lock_file_at(root_.get(), "lock", LockKind::Exclusive));
  TRY_ASSIGN(const UniqueFd lock, lock_file_at(root_.get(), "index.lock", LockKind::Exclusive));
  TRY_ASSIGN(const Index index, read_index());
  Marker marker(*this);
  for (const Descriptor& descriptor : index.manifests) marker.mark(descriptor);
  TRY(sweep_cache(cache_.get(), cache_age, marker));
  GcReport report;
  TRY(sweep_blobs(blobs_.get(), marker, report));
  TRY(sweep_recipes(recipes_.get(), marker));
  TRY_ASSIGN(const std::vector<std::string> leftovers, list_folder(tmp_.get()));
  for (const std::string& name : leftovers) unlinkat(tmp_.get(), name.c_str(), 0);
  return report;
}

}  // namespace kontain::image
