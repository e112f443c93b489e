// Writing tars whose bytes depend on nothing but the entries: pax where ustar is too small, no times but mtime, no
// names of users, independent of locale and user. On libarchive.
#pragma once

#include <memory>

#include "base/error.h"
#include "imagebuild/tar/entry.h"
#include "imagebuild/tar/stream.h"

namespace kontain::image {

class TarWriter {
 public:
  // `sink` outlives the writer.
  static Result<TarWriter> create(Sink& sink);
  TarWriter(TarWriter&&) noexcept;
  TarWriter& operator=(TarWriter&&) noexcept;
  ~TarWriter();

  // Adds an entry; `content` gives exactly entry.size bytes (a File), else it is an error: a file that changed while it
  // was read. Refuses paths that are absolute, empty or have "." or ".." components.
  Result<void> add(const Entry& entry, Source* content = nullptr);
  // The end of the archive. Nothing may follow.
  Result<void> finish();

 private:
  struct Impl;
  explicit TarWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kontain::image
