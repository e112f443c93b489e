#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "imagebuild/store/store.h"

namespace kontain::image {
namespace {

constexpr size_t kBuffer = size_t{256} << 10;

}  // namespace

BlobWriter::BlobWriter(int blobs_fd, int tmp_fd, UniqueFd fd, std::string name)
    : blobs_fd_(blobs_fd), tmp_fd_(tmp_fd), fd_(std::move(fd)), name_(std::move(name)) {}

BlobWriter::BlobWriter(BlobWriter&& other) noexcept
    : blobs_fd_(other.blobs_fd_),
      tmp_fd_(other.tmp_fd_),
      fd_(std::move(other.fd_)),
      name_(std::exchange(other.name_, {})),
      buffer_(std::move(other.buffer_)),
      hasher_(std::move(other.hasher_)),
      size_(other.size_) {}

BlobWriter::~BlobWriter() {
  if (!name_.empty()) unlinkat(tmp_fd_, name_.c_str(), 0);
}

Result<void> BlobWriter::write(std::string_view bytes) {
  hasher_->update(bytes);
  size_ += bytes.size();
  buffer_ += bytes;
  if (buffer_.size() < kBuffer) return {};
  return flush();
}

Result<void> BlobWriter::flush() {
  FdSink sink(fd_.get(), "blob");
  TRY(sink.write(buffer_));
  buffer_.clear();
  return {};
}

Result<Descriptor> BlobWriter::commit(std::string_view media_type, const Descriptor* expected) {
  TRY(flush());
  Descriptor made;
  made.media_type = media_type;
  made.digest = hasher_->digest();
  made.size = size_;
  if (expected && (made.digest != expected->digest || made.size != expected->size)) {
    return fail("blob", expected->digest.text(),
                "the content is " + made.digest.text() + " of " + std::to_string(made.size) + " bytes, not of " +
                    std::to_string(expected->size));
  }
  if (faccessat(blobs_fd_, made.digest.hex().c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) return made;
  // Synced before it has its name: a blob that exists is whole, even behind a power failure.
  if (fdatasync(fd_.get()) != 0) return fail_errno("sync", "blob", errno);
  if (renameat(tmp_fd_, name_.c_str(), blobs_fd_, made.digest.hex().c_str()) != 0) {
    return fail_errno("rename", made.digest.text(), errno);
  }
  name_.clear();
  return made;
}

}  // namespace kontain::image
