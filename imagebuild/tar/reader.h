// Reading tars of strangers, on libarchive: bounded in entries, bytes and names. What a path may do is decided by
// whoever uses it: see normal_path() here and imagebuild/layer/apply.h.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "imagebuild/tar/entry.h"
#include "imagebuild/tar/stream.h"

namespace kontain::image {

// Above any of these an archive is refused.
struct TarLimits {
  uint64_t entries = 2'000'000;
  uint64_t bytes = uint64_t{256} << 30;  // of content, and of the stream itself
  size_t path_bytes = 4096;              // of a path or link target: PATH_MAX
  size_t xattr_bytes = size_t{1} << 20;  // of one entry's names and values
};

class TarReader {
 public:
  // `source` gives the uncompressed tar and outlives the reader.
  static Result<TarReader> create(Source& source, const TarLimits& limits = {});
  TarReader(TarReader&&) noexcept;
  TarReader& operator=(TarReader&&) noexcept;
  ~TarReader();

  // The next entry, or nothing at the end. What was not read of the one before is skipped.
  Result<std::optional<Entry>> next();
  // The content of the current entry, holes as zeros.
  Source& content();

 private:
  struct Impl;
  explicit TarReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// A path of a tar in the one spelling used inside: "./a//b/" and "/a/b" become "a/b", the root becomes "". Nothing when
// it has a ".." component, a NUL, or a component longer than 255 bytes.
std::optional<std::string> normal_path(std::string_view path);

}  // namespace kontain::image
