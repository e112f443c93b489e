#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cstring>
#include <vector>

#include "imagebuild/layer/compress.h"

namespace kontain::image {
namespace {

constexpr size_t kInput = size_t{64} << 10;
constexpr int kLargestWindow = 27;  // 128 MiB, the most that zstd's own program takes without being told
constexpr std::string_view kGzipMagic("\x1f\x8b", 2);
constexpr std::string_view kZstdMagic("\x28\xb5\x2f\xfd", 4);

// A source whose next bytes can be looked at.
class Lookahead {
 public:
  explicit Lookahead(Source& source) : source_(source), buffer_(kInput) {}

  std::string_view rest() const { return {buffer_.data() + begin_, end_ - begin_}; }
  void drop(size_t count) { begin_ += count; }

  // Tries to have at least `count` bytes; fewer are there at the end only.
  Result<void> fill(size_t count) {
    while (end_ - begin_ < count) {
      if (begin_ > 0) {
        memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
      }
      TRY_ASSIGN(const size_t more, source_.read(std::span(buffer_).subspan(end_)));
      if (more == 0) return {};
      end_ += more;
    }
    return {};
  }

 private:
  Source& source_;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;
};

class PlainSource final : public Source {
 public:
  explicit PlainSource(Lookahead input) : input_(std::move(input)) {}
  Result<size_t> read(std::span<char> buffer) override {
    TRY(input_.fill(1));
    const size_t count = std::min(buffer.size(), input_.rest().size());
    memcpy(buffer.data(), input_.rest().data(), count);
    input_.drop(count);
    return count;
  }

 private:
  Lookahead input_;
};

class GzipSource final : public Source {
 public:
  explicit GzipSource(Lookahead input) : input_(std::move(input)) {
    ready_ = inflateInit2(&stream_, 15 + 16) == Z_OK;  // zlib.h: 15 bits of window, gzip only
  }
  ~GzipSource() override { inflateEnd(&stream_); }

  Result<size_t> read(std::span<char> buffer) override {
    if (!ready_) return fail("gzip", "", "out of memory");
    for (;;) {
      TRY(input_.fill(1));
      if (between_) {
        if (input_.rest().empty()) return 0;
        if (inflateReset(&stream_) != Z_OK) return fail("gzip", "", "damaged");
        between_ = false;
      }
      if (input_.rest().empty()) return fail("gzip", "", "ends too early");
      TRY_ASSIGN(const size_t count, inflate_some(buffer));
      if (count > 0) return count;
    }
  }

 private:
  Result<size_t> inflate_some(std::span<char> buffer) {
    const std::string_view rest = input_.rest();
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest.data()));
    stream_.avail_in = static_cast<uInt>(rest.size());
    stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream_.avail_out = static_cast<uInt>(std::min<size_t>(buffer.size(), 1U << 30));
    const uInt room = stream_.avail_out;
    const int status = inflate(&stream_, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
      return fail("gzip", "", stream_.msg ? stream_.msg : "damaged");
    }
    between_ = status == Z_STREAM_END;
    input_.drop(rest.size() - stream_.avail_in);
    return room - stream_.avail_out;
  }

  Lookahead input_;
  z_stream stream_{};
  bool ready_ = false;
  bool between_ = false;  // behind a member: another one or the end
};

class ZstdSource final : public Source {
 public:
  explicit ZstdSource(Lookahead input) : input_(std::move(input)), stream_(ZSTD_createDCtx()) {
    if (stream_) ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kLargestWindow);
  }

  Result<size_t> read(std::span<char> buffer) override {
    if (!stream_) return fail("zstd", "", "out of memory");
    for (;;) {
      TRY(input_.fill(1));
      if (input_.rest().empty() && between_) return 0;
      const bool at_end = input_.rest().empty();
      ZSTD_inBuffer in{input_.rest().data(), input_.rest().size(), 0};
      ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
      const size_t status = ZSTD_decompressStream(stream_.get(), &out, &in);
      if (ZSTD_isError(status)) return fail("zstd", "", ZSTD_getErrorName(status));
      between_ = status == 0;
      input_.drop(in.pos);
      if (out.pos > 0) return out.pos;
      if (at_end) return fail("zstd", "", "ends too early");
    }
  }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* stream) const { ZSTD_freeDCtx(stream); }
  };
  Lookahead input_;
  std::unique_ptr<ZSTD_DCtx, Free> stream_;
  bool between_ = false;
};

}  // namespace

Result<std::unique_ptr<Source>> make_decompressor(Source& source) {
  Lookahead input(source);
  TRY(input.fill(kZstdMagic.size()));
  const std::string_view start = input.rest();
  if (start.starts_with(kGzipMagic)) return std::make_unique<GzipSource>(std::move(input));
  if (start.starts_with(kZstdMagic)) return std::make_unique<ZstdSource>(std::move(input));
  return std::make_unique<PlainSource>(std::move(input));
}

}  // namespace kontain::image
