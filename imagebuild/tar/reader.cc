#include "imagebuild/tar/reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/sysmacros.h>

#include <vector>

#include "base/text.h"
#include "imagebuild/tar/locale.h"

namespace kontain::image {
namespace {

constexpr size_t kBuffer = size_t{64} << 10;
constexpr size_t kLongestComponent = 255;  // NAME_MAX

std::string text_or_empty(const char* text) { return text ? text : ""; }

std::optional<EntryType> entry_type(archive_entry* entry) {
  if (archive_entry_hardlink(entry)) return EntryType::Hardlink;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG: return EntryType::File;
    case AE_IFDIR: return EntryType::Directory;
    case AE_IFLNK: return EntryType::Symlink;
    case AE_IFCHR: return EntryType::CharDevice;
    case AE_IFBLK: return EntryType::BlockDevice;
    case AE_IFIFO: return EntryType::Fifo;
    default: return std::nullopt;
  }
}

// Ids above what Linux has, and negative ones, are nobody's.
Result<uint64_t> checked_id(int64_t id, const std::string& path) {
  if (id < 0 || id >= int64_t{0xffffffff}) return fail("tar", path, "its owner is out of range");
  return static_cast<uint64_t>(id);
}

Result<std::map<std::string, std::string>> read_xattrs(archive_entry* from, const std::string& path, size_t limit) {
  std::map<std::string, std::string> made;
  size_t total = 0;
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  archive_entry_xattr_reset(from);
  while (archive_entry_xattr_next(from, &name, &value, &size) == ARCHIVE_OK) {
    if (!name) continue;
    total += std::string_view(name).size() + size;
    if (total > limit) return fail("tar", path, "too many extended attributes");
    made[name] = std::string(static_cast<const char*>(value), size);
  }
  return made;
}

}  // namespace

struct TarReader::Impl final : Source {
  Source* source = nullptr;
  TarLimits limits;
  archive* handle = archive_read_new();
  std::vector<char> buffer = std::vector<char>(kBuffer);
  std::optional<Error> source_error;
  uint64_t stream_bytes = 0, content_bytes = 0, entries = 0;
  std::string path;  // of the current entry

  ~Impl() override { archive_read_free(handle); }

  static la_ssize_t on_read(archive*, void* self, const void** bytes) {
    auto* impl = static_cast<Impl*>(self);
    auto count = impl->source->read(impl->buffer);
    if (!count) {
      impl->source_error = std::move(count).error();
    } else if (impl->stream_bytes += *count; impl->stream_bytes > impl->limits.bytes) {
      impl->source_error =
          Error{"tar", "", "larger than the limit of " + std::to_string(impl->limits.bytes) + " bytes"};
    } else {
      *bytes = impl->buffer.data();
      return static_cast<la_ssize_t>(*count);
    }
    archive_set_error(impl->handle, EIO, "the input failed");
    return -1;
  }

  tl::unexpected<Error> failure() const {
    if (source_error) return tl::make_unexpected(*source_error);
    const char* reason = archive_error_string(handle);
    return fail("tar", path, reason ? reason : "damaged");
  }

  Result<Entry> convert(archive_entry* from) const {
    Entry made;
    made.path = path;
    const auto type = entry_type(from);
    if (!type) return fail("tar", path, "an entry of unknown type");
    made.type = *type;
    made.mode = archive_entry_perm(from);
    TRY_ASSIGN(made.uid, checked_id(archive_entry_uid(from), path));
    TRY_ASSIGN(made.gid, checked_id(archive_entry_gid(from), path));
    made.mtime = archive_entry_mtime(from);
    if (made.type == EntryType::File) made.size = static_cast<uint64_t>(archive_entry_size(from));
    if (made.type == EntryType::Symlink) made.link_target = text_or_empty(archive_entry_symlink(from));
    if (made.type == EntryType::Hardlink) made.link_target = text_or_empty(archive_entry_hardlink(from));
    if (made.link_target.size() > limits.path_bytes) return fail("tar", path, "its link target is too long");
    made.device_major = static_cast<uint32_t>(archive_entry_rdevmajor(from));
    made.device_minor = static_cast<uint32_t>(archive_entry_rdevminor(from));
    TRY_ASSIGN(made.xattrs, read_xattrs(from, path, limits.xattr_bytes));
    return made;
  }

  Result<size_t> read(std::span<char> into) override {
    const la_ssize_t count = archive_read_data(handle, into.data(), into.size());
    if (count < 0) return failure();
    content_bytes += static_cast<uint64_t>(count);
    if (content_bytes > limits.bytes) {
      return fail("tar", path, "the content exceeds the limit of " + std::to_string(limits.bytes) + " bytes");
    }
    return static_cast<size_t>(count);
  }
};

TarReader::TarReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TarReader::TarReader(TarReader&&) noexcept = default;
TarReader& TarReader::operator=(TarReader&&) noexcept = default;
TarReader::~TarReader() = default;

Result<TarReader> TarReader::create(Source& source, const TarLimits& limits) {
  auto impl = std::make_unique<Impl>();
  impl->source = &source;
  impl->limits = limits;
  const Utf8Locale locale;
  const bool made = archive_read_support_format_tar(impl->handle) == ARCHIVE_OK &&
                    archive_read_support_format_empty(impl->handle) == ARCHIVE_OK &&
                    archive_read_open(impl->handle, impl.get(), nullptr, Impl::on_read, nullptr) == ARCHIVE_OK;
  if (!made) return impl->failure();
  return TarReader(std::move(impl));
}

Result<std::optional<Entry>> TarReader::next() {
  const Utf8Locale locale;
  archive_entry* found = nullptr;
  const int status = archive_read_next_header(impl_->handle, &found);
  if (status == ARCHIVE_EOF) return std::nullopt;
  // A warning is about a name that its character set does not have; the bytes are there all the same.
  if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return impl_->failure();
  const char* path = archive_entry_pathname(found);
  if (!path) return fail("tar", "", "an entry without a readable name");
  impl_->path = path;
  if (impl_->path.size() > impl_->limits.path_bytes) {
    return fail("tar", impl_->path.substr(0, 64) + "…", "the path is too long");
  }
  if (++impl_->entries > impl_->limits.entries) {
    return fail("tar", "", "more than " + std::to_string(impl_->limits.entries) + " entries");
  }
  TRY_ASSIGN(Entry entry, impl_->convert(found));
  return std::optional<Entry>(std::move(entry));
}

Source& TarReader::content() { return *impl_; }

std::optional<std::string> normal_path(std::string_view path) {
  if (path.find('\0') != std::string_view::npos) return std::nullopt;
  std::string made;
  for (const std::string& component : split(path, '/')) {
    if (component.empty() || component == ".") continue;
    if (component == ".." || component.size() > kLongestComponent) return std::nullopt;
    if (!made.empty()) made += '/';
    made += component;
  }
  return made;
}

}  // namespace kontain::image
