#include "imagebuild/tar/writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/sysmacros.h>

#include <optional>
#include <vector>

#include "imagebuild/tar/locale.h"
#include "imagebuild/tar/reader.h"

namespace kontain::image {
namespace {

constexpr int kBlock = 64 << 10;  // how much libarchive hands on at a time; leaves no trace in the output

struct FreeEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using EntryPtr = std::unique_ptr<archive_entry, FreeEntry>;

mode_t file_type(EntryType type) {
  switch (type) {
    case EntryType::File:
    case EntryType::Hardlink: return AE_IFREG;
    case EntryType::Directory: return AE_IFDIR;
    case EntryType::Symlink: return AE_IFLNK;
    case EntryType::CharDevice: return AE_IFCHR;
    case EntryType::BlockDevice: return AE_IFBLK;
    case EntryType::Fifo: return AE_IFIFO;
  }
  return AE_IFREG;
}

EntryPtr convert(const Entry& entry) {
  EntryPtr made(archive_entry_new());
  archive_entry* out = made.get();
  archive_entry_copy_pathname(out, (entry.path + (entry.type == EntryType::Directory ? "/" : "")).c_str());
  archive_entry_set_filetype(out, file_type(entry.type));
  archive_entry_set_perm(out, entry.mode & 07777);
  archive_entry_set_uid(out, static_cast<int64_t>(entry.uid));
  archive_entry_set_gid(out, static_cast<int64_t>(entry.gid));
  archive_entry_set_mtime(out, entry.mtime, 0);
  archive_entry_set_size(out, entry.type == EntryType::File ? static_cast<int64_t>(entry.size) : 0);
  if (entry.type == EntryType::Symlink) archive_entry_copy_symlink(out, entry.link_target.c_str());
  if (entry.type == EntryType::Hardlink) archive_entry_copy_hardlink(out, entry.link_target.c_str());
  if (entry.type == EntryType::CharDevice || entry.type == EntryType::BlockDevice) {
    archive_entry_set_rdevmajor(out, entry.device_major);
    archive_entry_set_rdevminor(out, entry.device_minor);
  }
  for (const auto& [name, value] : entry.xattrs) {
    archive_entry_xattr_add_entry(out, name.c_str(), value.data(), value.size());
  }
  return made;
}

}  // namespace

struct TarWriter::Impl {
  Sink* sink = nullptr;
  archive* handle = archive_write_new();
  std::vector<char> buffer = std::vector<char>(kBlock);
  std::optional<Error> sink_error;  // what the sink said; libarchive only knows that it failed

  ~Impl() { archive_write_free(handle); }

  static la_ssize_t on_write(archive*, void* self, const void* bytes, size_t size) {
    auto* impl = static_cast<Impl*>(self);
    auto written = impl->sink->write({static_cast<const char*>(bytes), size});
    if (written) return static_cast<la_ssize_t>(size);
    impl->sink_error = std::move(written).error();
    archive_set_error(impl->handle, EIO, "the output failed");
    return -1;
  }

  tl::unexpected<Error> failure(std::string_view path) {
    if (sink_error) return tl::make_unexpected(*sink_error);
    const char* reason = archive_error_string(handle);
    return fail("tar", path, reason ? reason : "unknown failure");
  }

  Result<void> copy(const Entry& entry, Source* content) {
    uint64_t total = 0;
    while (content) {
      TRY_ASSIGN(const size_t count, content->read(buffer));
      if (count == 0) break;
      total += count;
      if (total > entry.size) break;
      if (archive_write_data(handle, buffer.data(), count) != static_cast<la_ssize_t>(count))
        return failure(entry.path);
    }
    if (total != entry.size) return fail("tar", entry.path, "the file changed its size while it was read");
    return {};
  }
};

TarWriter::TarWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TarWriter::TarWriter(TarWriter&&) noexcept = default;
TarWriter& TarWriter::operator=(TarWriter&&) noexcept = default;
TarWriter::~TarWriter() {
  // An archive that was not finished is abandoned: libarchive would write its end into a sink that may be gone.
  if (impl_) archive_write_fail(impl_->handle);
}

Result<TarWriter> TarWriter::create(Sink& sink) {
  auto impl = std::make_unique<Impl>();
  impl->sink = &sink;
  archive* handle = impl->handle;
  const Utf8Locale locale;
  const bool made = archive_write_set_format_pax_restricted(handle) == ARCHIVE_OK &&
                    archive_write_set_options(handle, "xattrheader=SCHILY") == ARCHIVE_OK &&
                    archive_write_set_bytes_per_block(handle, kBlock) == ARCHIVE_OK &&
                    archive_write_set_bytes_in_last_block(handle, 1) == ARCHIVE_OK &&
                    archive_write_open(handle, impl.get(), nullptr, Impl::on_write, nullptr) == ARCHIVE_OK;
  if (!made) return impl->failure("");
  return TarWriter(std::move(impl));
}

Result<void> TarWriter::add(const Entry& entry, Source* content) {
  if (entry.path.empty() || normal_path(entry.path) != entry.path) {
    return fail("tar", entry.path, "not a relative path in normal spelling");
  }
  const Utf8Locale locale;
  const EntryPtr converted = convert(entry);
  // A warning is about names that are not UTF-8, which pax can say (hdrcharset=BINARY).
  const int status = archive_write_header(impl_->handle, converted.get());
  if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return impl_->failure(entry.path);
  if (entry.type != EntryType::File) return {};
  return impl_->copy(entry, content);
}

Result<void> TarWriter::finish() {
  const Utf8Locale locale;
  if (archive_write_close(impl_->handle) != ARCHIVE_OK) return impl_->failure("");
  return {};
}

}  // namespace kontain::image
