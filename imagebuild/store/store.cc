#include "imagebuild/store/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "imagebuild/oci/json.h"
#include "imagebuild/oci/reference.h"
#include "imagebuild/store/files.h"

namespace kontain::image {
namespace {

constexpr const char* kLayoutFile = "oci-layout";
constexpr const char* kIndexFile = "index.json";
constexpr std::string_view kLayoutText = R"({"imageLayoutVersion":"1.0.0"})";
constexpr size_t kLargestCacheEntry = size_t{1} << 20;
constexpr size_t kShortestDigest = 6;

std::string name_of(const Descriptor& descriptor) {
  const auto found = descriptor.annotations.find(std::string(kAnnotationRefName));
  return found == descriptor.annotations.end() ? "" : found->second;
}

// One image, with its tag: what a store calls it.
Result<std::string> full_name(std::string_view name) {
  TRY_ASSIGN(const Reference reference, Reference::parse(name));
  if (!reference.digest.empty()) return fail("image name", name, "a name in the store has no digest");
  return reference.text();
}

Result<void> check_layout(int root) {
  TRY_ASSIGN(const auto text, read_file_at(root, kLayoutFile, kLargestDocument));
  if (!text) return fail(kLayoutFile, "", "missing");
  TRY_ASSIGN(const auto layout, parse_json(*text, kLayoutFile));
  JsonReader::State state{kLayoutFile, {}};
  const JsonReader from(state, &layout);
  if (from["imageLayoutVersion"].required_text() != "1.0.0") from["imageLayoutVersion"].fail("1.0.0 is expected");
  return state.status;
}

bool looks_like_digits(std::string_view text) {
  return text.size() >= kShortestDigest && text.size() <= 64 &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::string Store::default_directory() {
  if (geteuid() == 0) return "/var/lib/kontain/images";
  if (const char* data = getenv("XDG_DATA_HOME"); data && data[0] == '/') return std::string(data) + "/kontain/images";
  const char* home = getenv("HOME");
  return std::string(home && home[0] == '/' ? home : "") + "/.local/share/kontain/images";
}

Result<Store> Store::open(const std::string& directory) {
  Store store;
  store.directory_ = directory;
  TRY_ASSIGN(store.root_, open_or_make_folder(AT_FDCWD, directory));
  TRY_ASSIGN(store.blobs_, open_or_make_folder(store.root_.get(), "blobs/sha256"));
  TRY_ASSIGN(store.tmp_, open_or_make_folder(store.root_.get(), "tmp"));
  TRY_ASSIGN(store.cache_, open_or_make_folder(store.root_.get(), "cache"));
  TRY_ASSIGN(store.recipes_, open_or_make_folder(store.root_.get(), "recipes"));
  const int root = store.root_.get();
  // Of a store that a power failure met while it was made the files may be empty: they are made again.
  if (!has_content_at(root, kIndexFile) || !has_content_at(root, kLayoutFile)) {
    TRY_ASSIGN(const UniqueFd lock, lock_file_at(root, "index.lock", LockKind::Exclusive));
    for (const auto& [name, text] :
         {std::pair(kLayoutFile, std::string(kLayoutText)), std::pair(kIndexFile, to_text(Index{}))}) {
      if (has_content_at(root, name)) continue;
      TRY(replace_file_at(root, name, store.tmp_.get(), text, Durability::Eventually));
    }
  }
  TRY(check_layout(root));
  return store;
}

Result<Store::Session> Store::begin() const {
  TRY_ASSIGN(UniqueFd lock, lock_file_at(root_.get(), "lock", LockKind::Shared));
  return Session{std::move(lock)};
}

bool Store::has(const Digest& digest) const {
  return !digest.empty() && faccessat(blobs_.get(), digest.hex().c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

Result<UniqueFd> Store::open_blob(const Descriptor& descriptor) const {
  UniqueFd fd(openat(blobs_.get(), descriptor.digest.hex().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd) return fail_errno("blob", descriptor.digest.text(), errno);
  struct stat status{};
  if (fstat(fd.get(), &status) != 0) return fail_errno("blob", descriptor.digest.text(), errno);
  if (!S_ISREG(status.st_mode) || static_cast<uint64_t>(status.st_size) != descriptor.size) {
    return fail("blob", descriptor.digest.text(),
                std::to_string(status.st_size) + " bytes instead of " + std::to_string(descriptor.size));
  }
  return fd;
}

Result<std::string> Store::read_blob(const Descriptor& descriptor) const {
  TRY_ASSIGN(UniqueFd fd, open_blob(descriptor));
  FdSource file(std::move(fd), descriptor.digest.text());
  VerifyingSource source(file, descriptor);
  return read_all(source, kLargestDocument, descriptor.digest.text());
}

Result<BlobWriter> Store::new_blob() const {
  TRY_ASSIGN(TemporaryFile file, make_temporary(tmp_.get()));
  return BlobWriter(blobs_.get(), tmp_.get(), std::move(file.fd), std::move(file.name));
}

Result<Descriptor> Store::put(std::string_view media_type, std::string_view bytes) const {
  if (Descriptor made = describe(media_type, bytes); has(made.digest)) return made;
  TRY_ASSIGN(BlobWriter writer, new_blob());
  TRY(writer.write(bytes));
  return writer.commit(media_type);
}

Result<Manifest> Store::manifest(const Descriptor& descriptor) const {
  TRY_ASSIGN(const std::string text, read_blob(descriptor));
  return parse_manifest(text);
}

Result<Index> Store::index(const Descriptor& descriptor) const {
  TRY_ASSIGN(const std::string text, read_blob(descriptor));
  return parse_index(text);
}

Result<ImageConfig> Store::config(const Manifest& manifest) const {
  TRY_ASSIGN(const std::string text, read_blob(manifest.config));
  TRY_ASSIGN(ImageConfig config, parse_config(text));
  if (config.diff_ids.size() != manifest.layers.size()) {
    return fail(
        "image config", "rootfs.diff_ids",
        std::to_string(config.diff_ids.size()) + " of them for " + std::to_string(manifest.layers.size()) + " layers");
  }
  return config;
}

Result<Descriptor> Store::select_platform(const Descriptor& descriptor) const {
  if (media_type(descriptor.media_type).kind == MediaKind::Manifest) return descriptor;
  TRY_ASSIGN(const Index found, index(descriptor));
  for (const Descriptor& candidate : found.manifests) {
    const bool fits =
        !candidate.platform || (candidate.platform->os == "linux" && candidate.platform->architecture == "amd64");
    if (fits && media_type(candidate.media_type).kind == MediaKind::Manifest) return candidate;
  }
  return fail("image index", descriptor.digest.text(), "no image for linux/amd64");
}

Result<Index> Store::read_index() const {
  TRY_ASSIGN(const auto text, read_file_at(root_.get(), kIndexFile, kLargestDocument));
  if (!text) return fail(kIndexFile, directory_, "missing");
  return parse_index(*text);
}

Result<void> Store::change_index(const std::function<Result<void>(Index&)>& change) const {
  TRY_ASSIGN(const UniqueFd lock, lock_file_at(root_.get(), "index.lock", LockKind::Exclusive));
  TRY_ASSIGN(Index index, read_index());
  TRY(change(index));
  std::ranges::sort(index.manifests, {}, [](const Descriptor& d) { return std::pair(name_of(d), d.digest.hex()); });
  const std::string text = to_text(index);
  TRY_ASSIGN(const auto before, read_file_at(root_.get(), kIndexFile, kLargestDocument));
  if (before == text) return {};
  return replace_file_at(root_.get(), kIndexFile, tmp_.get(), text);
}

Result<std::vector<NamedImage>> Store::list() const {
  TRY_ASSIGN(const Index index, read_index());
  std::vector<NamedImage> images;
  for (const Descriptor& descriptor : index.manifests) {
    NamedImage image{name_of(descriptor), descriptor};
    image.descriptor.annotations.erase(std::string(kAnnotationRefName));
    images.push_back(std::move(image));
  }
  return images;
}

Result<Descriptor> Store::resolve(std::string_view name) const {
  TRY_ASSIGN(const std::vector<NamedImage> images, list());
  for (const NamedImage& image : images) {
    if (image.name == name) return image.descriptor;
  }
  if (const auto full = full_name(name)) {
    for (const NamedImage& image : images) {
      if (image.name == *full) return image.descriptor;
    }
  }
  const size_t at = name.find('@');
  std::string_view digits = at == std::string_view::npos ? name : name.substr(at + 1);
  if (digits.starts_with("sha256:")) digits.remove_prefix(7);
  std::optional<Descriptor> found;
  for (const NamedImage& image : images) {
    if (!looks_like_digits(digits) || !image.descriptor.digest.hex().starts_with(digits)) continue;
    if (found && found->digest != image.descriptor.digest) return fail("image", name, "fits several images");
    found = image.descriptor;
  }
  if (found) return *found;
  return fail("image", name, "not in the store");
}

Result<void> Store::tag(std::string_view name, const Descriptor& descriptor) const {
  TRY_ASSIGN(const std::string full, full_name(name));
  return change_index([&](Index& index) -> Result<void> {
    std::erase_if(index.manifests, [&](const Descriptor& d) { return name_of(d) == full; });
    Descriptor named = descriptor;
    named.annotations[std::string(kAnnotationRefName)] = full;
    index.manifests.push_back(std::move(named));
    return {};
  });
}

Result<void> Store::untag(std::string_view name) const {
  const auto full = full_name(name);
  return change_index([&](Index& index) -> Result<void> {
    const size_t count = std::erase_if(
        index.manifests, [&](const Descriptor& d) { return name_of(d) == name || (full && name_of(d) == *full); });
    if (count == 0) return fail("image", name, "not in the store");
    return {};
  });
}

Result<std::optional<std::string>> Store::cached(const Digest& key) const {
  TRY_ASSIGN(auto text, read_file_at(cache_.get(), key.hex(), kLargestCacheEntry));
  if (text) utimensat(cache_.get(), key.hex().c_str(), nullptr, 0);  // used now: gc goes by this
  return text;
}

Result<void> Store::remember(const Digest& key, std::string_view value) const {
  if (value.size() > kLargestCacheEntry) return fail("cache", key.brief(), "the entry is too large");
  // Whoever reads an entry takes one that makes no sense for none.
  return replace_file_at(cache_.get(), key.hex(), tmp_.get(), value, Durability::Eventually);
}

Result<size_t> VerifyingSource::read(std::span<char> buffer) {
  TRY_ASSIGN(const size_t count, source_->read(buffer));
  size_ += count;
  if (size_ > expected_.size || (count == 0 && size_ != expected_.size)) {
    return fail(
        "blob", expected_.digest.text(),
        (count == 0 ? "ends at " : "has more than ") + std::to_string(count == 0 ? size_ : expected_.size) + " bytes");
  }
  hasher_.update({buffer.data(), count});
  if (count == 0 && hasher_.digest() != expected_.digest) {
    return fail("blob", expected_.digest.text(), "damaged: its digest is " + hasher_.digest().text());
  }
  return count;
}

}  // namespace kontain::image
