// The local content store: an OCI image layout (image-spec 1.1, image-layout.md) that any tool can read, with locks, a
// cache of build steps and garbage collection.
//
//   oci-layout, index.json      the layout; index.json's manifests carry their names as
//   org.opencontainers.image.ref.name blobs/sha256/HEX            content; appears by rename, complete and synced, so a
//   blob that exists is whole cache/HEX                   one text per key of a build step tmp/ what is being written
//   lock                        flock(2): shared by sessions that add content, exclusive for gc
//   index.lock                  flock(2): exclusive while index.json is replaced
//
// A process killed at any moment leaves a valid store; gc removes what it left in tmp.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "imagebuild/oci/model.h"
#include "imagebuild/oci/parallel_hasher.h"
#include "imagebuild/tar/stream.h"

namespace kontain::image {

// A blob being written to a store. Without commit() nothing remains of it.
class BlobWriter final : public Sink {
 public:
  BlobWriter(BlobWriter&& other) noexcept;
  BlobWriter& operator=(BlobWriter&&) noexcept = delete;
  ~BlobWriter() override;
  Result<void> write(std::string_view bytes) override;
  uint64_t size() const { return size_; }
  // Makes it a blob of the store. With `expected` (its digest and size) anything else is an error and no blob.
  Result<Descriptor> commit(std::string_view media_type, const Descriptor* expected = nullptr);

 private:
  friend class Store;
  BlobWriter(int blobs_fd, int tmp_fd, UniqueFd fd, std::string name);
  Result<void> flush();
  int blobs_fd_, tmp_fd_;
  UniqueFd fd_;
  std::string name_;  // in tmp/, empty when it is no longer there
  std::string buffer_;
  std::unique_ptr<ParallelHasher> hasher_ = std::make_unique<ParallelHasher>();
  uint64_t size_ = 0;
};

struct NamedImage {
  std::string name;  // "registry/repository:tag"
  Descriptor descriptor;
};

struct GcReport {
  uint64_t blobs = 0;  // removed
  uint64_t bytes = 0;
  uint64_t kept = 0;
};

class Store {
 public:
  // $XDG_DATA_HOME/kontain/images or ~/.local/share/kontain/images; /var/lib/kontain/images for root.
  static std::string default_directory();
  // Opens the store, which is made when it is not there. Other layouts are opened the same way: a store is a layout.
  static Result<Store> open(const std::string& directory);
  Store(Store&&) noexcept = default;
  Store& operator=(Store&&) noexcept = default;

  const std::string& directory() const { return directory_; }

  // Content that is added or about to be named survives a gc as long as the session lives. Every writer holds one.
  struct Session {
    UniqueFd lock;
  };
  Result<Session> begin() const;

  bool has(const Digest& digest) const;
  // The blob, checked for its size; for content that is read as a stream wrap it into a VerifyingSource.
  Result<UniqueFd> open_blob(const Descriptor& descriptor) const;
  // All of it, verified, at most kLargestDocument bytes.
  Result<std::string> read_blob(const Descriptor& descriptor) const;
  Result<BlobWriter> new_blob() const;
  Result<Descriptor> put(std::string_view media_type, std::string_view bytes) const;
  // Reads and verifies by the media type.
  Result<Manifest> manifest(const Descriptor& descriptor) const;
  Result<Index> index(const Descriptor& descriptor) const;
  Result<ImageConfig> config(const Manifest& manifest) const;
  // `descriptor` itself when it is a manifest, else the index's manifest for linux/amd64.
  Result<Descriptor> select_platform(const Descriptor& descriptor) const;

  Result<std::vector<NamedImage>> list() const;
  // By name (reference.h), by digest, or by at least six digits of one that has a name.
  Result<Descriptor> resolve(std::string_view name) const;
  Result<void> tag(std::string_view name, const Descriptor& descriptor) const;
  Result<void> untag(std::string_view name) const;

  // Removes cache entries not used for `cache_age`, blobs that neither a name nor a cache entry reaches, and what
  // killed processes left in tmp/. Waits for running sessions.
  Result<GcReport> gc(std::chrono::seconds cache_age = std::chrono::hours(24 * 14)) const;

  // The cache of build steps. `key` is the digest of everything the step depends on; `value` is the caller's text. gc
  // keeps the blobs whose digests ("sha256:…") stand in the text, as long as it keeps the entry.
  Result<std::optional<std::string>> cached(const Digest& key) const;
  Result<void> remember(const Digest& key, std::string_view value) const;

  // What `image` was made from: the caller's text, kept as long as the image.
  Result<void> set_recipe(const Digest& image, std::string_view text) const;
  Result<std::optional<std::string>> recipe(const Digest& image) const;

 private:
  Store() = default;
  Result<void> change_index(const std::function<Result<void>(Index&)>& change) const;
  Result<Index> read_index() const;

  std::string directory_;
  UniqueFd root_, blobs_, tmp_, cache_, recipes_;
};

// Gives what `source` (which outlives it) gives and fails at the end when size or digest are not the descriptor's.
class VerifyingSource final : public Source {
 public:
  VerifyingSource(Source& source, const Descriptor& descriptor) : source_(&source), expected_(descriptor) {}
  Result<size_t> read(std::span<char> buffer) override;

 private:
  Source* source_;
  Descriptor expected_;
  Hasher hasher_;
  uint64_t size_ = 0;
};

}  // namespace kontain::image
