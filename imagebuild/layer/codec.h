// One block at a time: what a thread of the compressor does.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "imagebuild/oci/media_type.h"

namespace kontain::image {

// Not shared between threads.
class BlockCodec {
 public:
  virtual ~BlockCodec() = default;
  // Appends the member or frame of `block` to `out`. False when memory ran out.
  virtual bool compress(std::string_view block, std::string& out) = 0;
};

// Nothing for Compression::None, for a level the format does not have, and when memory ran out.
std::unique_ptr<BlockCodec> make_codec(Compression compression, int level);

}  // namespace kontain::image
