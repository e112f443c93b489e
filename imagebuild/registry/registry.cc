#include "imagebuild/registry/registry.h"

#include <unistd.h>

#include <cerrno>
#include <set>

namespace kontain::image {
namespace {

// For each blob the repositories of `registry` that, as far as the store knows, have it.
std::map<Digest, std::set<std::string>> known_places(const Store& store, const Reference& target) {
  std::map<Digest, std::set<std::string>> places;
  const auto images = store.list();
  if (!images) return places;
  for (const NamedImage& image : *images) {
    const auto name = Reference::parse(image.name);
    if (!name || name->registry != target.registry || name->repository == target.repository) continue;
    const auto blobs = reachable(store, image.descriptor);
    if (!blobs) continue;
    for (const Descriptor& blob : *blobs) places[blob.digest].insert(name->repository);
  }
  return places;
}

class Push {
 public:
  Push(const Store& store, RegistryClient& client, const Reference& name, const CopyProgress& progress)
      : store_(store), client_(client), name_(name), progress_(progress), places_(known_places(store, name)) {}

  Result<void> run(const Descriptor& image) {
    TRY_ASSIGN(const std::vector<Descriptor> all, reachable(store_, image));
    for (const Descriptor& descriptor : all) {
      const MediaKind kind = media_type(descriptor.media_type).kind;
      if (kind == MediaKind::Manifest || kind == MediaKind::Index) {
        TRY(send_document(descriptor, descriptor.digest == image.digest));
      } else {
        TRY(send_blob(descriptor));
      }
    }
    return {};
  }

 private:
  Result<void> send_document(const Descriptor& descriptor, bool is_root) {
    TRY_ASSIGN(const std::string text, store_.read_blob(descriptor));
    const bool tagged = is_root && !name_.tag.empty();
    return client_.put_document(tagged ? name_.tag : descriptor.digest.text(), descriptor, text);
  }

  Result<void> send_blob(const Descriptor& descriptor) {
    TRY_ASSIGN(const bool there, client_.has_blob(descriptor));
    if (there) return {};
    for (const std::string& repository : places_[descriptor.digest]) {
      TRY_ASSIGN(const bool mounted, client_.mount(descriptor, repository));
      if (mounted) return {};
    }
    if (progress_) progress_(descriptor, false);
    TRY(client_.upload(descriptor, [&](uint64_t offset) { return open_at(descriptor, offset); }));
    if (progress_) progress_(descriptor, true);
    return {};
  }

  Result<std::unique_ptr<Source>> open_at(const Descriptor& descriptor, uint64_t offset) const {
    TRY_ASSIGN(UniqueFd fd, store_.open_blob(descriptor));
    if (lseek(fd.get(), static_cast<off_t>(offset), SEEK_SET) < 0)
      return fail_errno("seek", descriptor.digest.text(), errno);
    return std::make_unique<FdSource>(std::move(fd), descriptor.digest.text());
  }

  const Store& store_;
  RegistryClient& client_;
  const Reference& name_;
  const CopyProgress& progress_;
  std::map<Digest, std::set<std::string>> places_;
};

}  // namespace

Result<Imported> pull_image(const Store& store, const Reference& name, const RegistryOptions& options,
                            Platforms platforms, const CopyProgress& progress) {
  TRY_ASSIGN(RegistryClient client, RegistryClient::create(name, options));
  const std::string reference = name.digest.empty() ? name.tag : name.digest.text();
  TRY_ASSIGN(const RegistryClient::Document root, client.fetch_document(reference));
  TRY_ASSIGN(const Descriptor image, copy_into_store(client, store, root.descriptor, platforms, progress));
  return Imported{image, name.digest.empty() ? name.text() : ""};
}

Result<void> push_image(const Store& store, const Descriptor& image, const Reference& name,
                        const RegistryOptions& options, const CopyProgress& progress) {
  TRY_ASSIGN(RegistryClient client, RegistryClient::create(name, options));
  return Push(store, client, name, progress).run(image);
}

}  // namespace kontain::image
