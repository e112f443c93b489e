#include "imagebuild/layer/compress.h"

#include <catch2/catch.hpp>

namespace kontain::image {
namespace {

// Text that compresses a little, the same in every run.
std::string sample(size_t size) {
  std::string text;
  uint64_t state = 88172645463325252ULL;
  while (text.size() < size) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    text += std::to_string(state % 100000) + " ";
  }
  text.resize(size);
  return text;
}

std::string compress(const std::string& text, const CompressOptions& options, size_t piece = 100'000) {
  StringSink sink;
  auto compressor = make_compressor(sink, options);
  REQUIRE(compressor);
  for (size_t at = 0; at < text.size(); at += piece) REQUIRE((*compressor)->write(text.substr(at, piece)));
  REQUIRE((*compressor)->finish());
  return sink.text();
}

Result<std::string> decompress(std::string_view text) {
  StringSource source(text);
  TRY_ASSIGN(const auto plain, make_decompressor(source));
  return read_all(*plain, size_t{64} << 20, "text");
}

TEST_CASE("compressed bytes do not depend on threads or on how the input is cut") {
  for (const Compression compression : {Compression::Gzip, Compression::Zstd}) {
    for (const size_t size : {size_t{0}, size_t{1}, size_t{1} << 20, (size_t{5} << 20) + 17}) {
      const std::string text = sample(size);
      const std::string first = compress(text, {compression, 0, 1});
      INFO(compression_name(compression) << " " << size);
      CHECK(compress(text, {compression, 0, 4}) == first);
      CHECK(compress(text, {compression, 0, 64}, 1'234'567) == first);
      CHECK((size < 100 || first.size() < size));
      const auto again = decompress(first);
      REQUIRE(again);
      CHECK((*again == text));
    }
  }
}

TEST_CASE("what is not compressed passes through") {
  CHECK(*decompress("plain") == "plain");
  CHECK(decompress("")->empty());
  CHECK(compress("abc", {Compression::None}) == "abc");
}

TEST_CASE("cut, damaged and lengthened streams are errors") {
  for (const Compression compression : {Compression::Gzip, Compression::Zstd}) {
    INFO(compression_name(compression));
    const std::string good = compress(sample(100'000), {compression});
    CHECK_FALSE(decompress(std::string_view(good).substr(0, good.size() - 1)));
    CHECK_FALSE(decompress(std::string_view(good).substr(0, good.size() / 2)));
    CHECK_FALSE(decompress(good + "trailing"));
    std::string damaged = good;
    damaged[good.size() / 2] = static_cast<char>(damaged[good.size() / 2] ^ 0x40);
    CHECK_FALSE(decompress(damaged));
  }
}

TEST_CASE("a level that a format does not have is refused") {
  StringSink sink;
  CHECK_FALSE(make_compressor(sink, {Compression::Gzip, 99}));
  CHECK_FALSE(make_compressor(sink, {Compression::Zstd, 99}));
  CHECK_FALSE(make_compressor(sink, {Compression::Zstd, -7}));
}

TEST_CASE("a failing output is an error of whoever writes") {
  struct Full final : Sink {
    Result<void> write(std::string_view) override { return fail("disk", "", "full"); }
  } full;
  auto compressor = make_compressor(full, {Compression::Gzip, 0, 2});
  REQUIRE(compressor);
  auto written = (*compressor)->write(sample(size_t{20} << 20));
  if (written) written = (*compressor)->finish();
  REQUIRE_FALSE(written);
  CHECK(written.error().message() == "disk: full");
}

}  // namespace
}  // namespace kontain::image
