// Hashing what is read.
#pragma once

#include <span>
#include <vector>

#include "imagebuild/oci/parallel_hasher.h"
#include "imagebuild/tar/stream.h"

namespace kontain::image {

// Gives what `source` gives, which outlives it.
class HashingSource final : public Source {
 public:
  explicit HashingSource(Source& source) : source_(source) {}
  Result<size_t> read(std::span<char> buffer) override {
    TRY_ASSIGN(const size_t count, source_.read(buffer));
    hasher_.update({buffer.data(), count});
    return count;
  }
  // Reads what is left: the end of a stream may lie behind the end of what is in it, and is verified there.
  Result<void> drain() {
    std::vector<char> buffer(size_t{64} << 10);
    for (size_t count = 1; count > 0;) {
      TRY_ASSIGN(count, read(buffer));
    }
    return {};
  }
  // Of everything that was read; nothing may follow.
  Digest digest() { return hasher_.digest(); }

 private:
  Source& source_;
  ParallelHasher hasher_;
};

}  // namespace kontain::image
