#include "imagebuild/layer/codec.h"

#include <libdeflate.h>
#include <zstd.h>

namespace kontain::image {
namespace {

constexpr int kGzipLevel = 6;
constexpr int kZstdLevel = 3;

class GzipCodec final : public BlockCodec {
 public:
  explicit GzipCodec(int level) : state_(libdeflate_alloc_compressor(level)) {}
  bool ready() const { return state_ != nullptr; }

  // libdeflate writes a header without name and time, as a reproducible member needs it.
  bool compress(std::string_view block, std::string& out) override {
    const size_t before = out.size();
    out.resize(before + libdeflate_gzip_compress_bound(state_.get(), block.size()));
    const size_t size =
        libdeflate_gzip_compress(state_.get(), block.data(), block.size(), out.data() + before, out.size() - before);
    out.resize(before + size);
    return size != 0;
  }

 private:
  struct Free {
    void operator()(libdeflate_compressor* state) const { libdeflate_free_compressor(state); }
  };
  std::unique_ptr<libdeflate_compressor, Free> state_;
};

class ZstdCodec final : public BlockCodec {
 public:
  explicit ZstdCodec(int level) : state_(ZSTD_createCCtx()) {
    ready_ = state_ && !ZSTD_isError(ZSTD_CCtx_setParameter(state_.get(), ZSTD_c_compressionLevel, level)) &&
             !ZSTD_isError(ZSTD_CCtx_setParameter(state_.get(), ZSTD_c_checksumFlag, 1));
  }
  bool ready() const { return ready_; }

  bool compress(std::string_view block, std::string& out) override {
    const size_t before = out.size();
    out.resize(before + ZSTD_compressBound(block.size()));
    const size_t size =
        ZSTD_compress2(state_.get(), out.data() + before, out.size() - before, block.data(), block.size());
    const bool done = !ZSTD_isError(size);
    out.resize(before + (done ? size : 0));
    return done;
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* state) const { ZSTD_freeCCtx(state); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> state_;
  bool ready_ = false;
};

template <class Codec>
std::unique_ptr<BlockCodec> ready_codec(int level) {
  auto codec = std::make_unique<Codec>(level);
  if (!codec->ready()) return nullptr;
  return codec;
}

}  // namespace

std::unique_ptr<BlockCodec> make_codec(Compression compression, int level) {
  if (compression == Compression::Gzip) return ready_codec<GzipCodec>(level == 0 ? kGzipLevel : level);
  if (compression != Compression::Zstd || level < 0 || level > ZSTD_maxCLevel()) return nullptr;
  return ready_codec<ZstdCodec>(level == 0 ? kZstdLevel : level);
}

}  // namespace kontain::image
