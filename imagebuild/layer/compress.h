// gzip and zstd on all processors. The input is cut into blocks of fixed size, each becomes a member (RFC 1952, 2.2) or
// frame (RFC 8878, 3.1) of its own: the bytes are the same whatever the number of threads.
#pragma once

#include <memory>

#include "base/error.h"
#include "imagebuild/oci/media_type.h"
#include "imagebuild/tar/stream.h"

namespace kontain::image {

struct CompressOptions {
  Compression compression = Compression::Gzip;
  int level = 0;         // 0: the default (gzip 6, zstd 3)
  unsigned threads = 0;  // 0: as many as this process may use; never changes the output
};

// Compresses what is written to it. finish() before the end of life.
class Compressor : public Sink {
 public:
  virtual Result<void> finish() = 0;
};

// `sink` outlives the compressor and is written to by the thread that uses the compressor.
Result<std::unique_ptr<Compressor>> make_compressor(Sink& sink, const CompressOptions& options);

// The uncompressed bytes of `source`, which outlives it. The kind is told by the first bytes (gzip, zstd, or neither),
// so a wrong media type does no harm; bytes behind the last member or frame are an error.
Result<std::unique_ptr<Source>> make_decompressor(Source& source);

}  // namespace kontain::image
