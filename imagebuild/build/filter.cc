#include "imagebuild/build/filter.h"

#include <archive.h>
#include <archive_entry.h>

#include <cstring>

namespace kontain::image::build {
namespace {

constexpr size_t kBlock = 64 << 10;

// libarchive's "raw" format: one member, which is what the filters leave.
class FilterSource final : public Source {
 public:
  FilterSource(UniqueFd fd, std::string name)
      : fd_(std::move(fd)), name_(std::move(name)), archive_(archive_read_new()) {}
  FilterSource(const FilterSource&) = delete;
  FilterSource& operator=(const FilterSource&) = delete;
  ~FilterSource() override { archive_read_free(archive_); }

  Result<void> open() {
    archive_read_support_format_raw(archive_);
    archive_read_support_format_empty(archive_);
    archive_read_support_filter_gzip(archive_);
    archive_read_support_filter_bzip2(archive_);
    archive_read_support_filter_xz(archive_);
    archive_read_support_filter_zstd(archive_);
    archive_entry* entry = nullptr;
    if (archive_read_open_fd(archive_, fd_.get(), kBlock) != ARCHIVE_OK) return failure();
    const int status = archive_read_next_header(archive_, &entry);
    if (status == ARCHIVE_EOF)
      at_end_ = true;
    else if (status != ARCHIVE_OK)
      return failure();
    return {};
  }

  Result<size_t> read(std::span<char> buffer) override {
    if (at_end_) return size_t{0};
    const la_ssize_t count = archive_read_data(archive_, buffer.data(), buffer.size());
    if (count < 0) return failure();
    return static_cast<size_t>(count);
  }

 private:
  tl::unexpected<Error> failure() const {
    const char* text = archive_error_string(archive_);
    return fail(name_, "", text ? text : "it cannot be read");
  }

  UniqueFd fd_;
  std::string name_;
  archive* archive_;
  bool at_end_ = false;
};

}  // namespace

Result<std::unique_ptr<Source>> open_filtered(UniqueFd fd, std::string name) {
  auto source = std::make_unique<FilterSource>(std::move(fd), std::move(name));
  TRY(source->open());
  return source;
}

}  // namespace kontain::image::build
