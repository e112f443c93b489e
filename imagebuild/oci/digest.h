// Content digests: SHA-256, the one algorithm every registry must know (image-spec 1.1, descriptor.md, "Digests").
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace kontain::image {

// The SHA-256 of some bytes. A default-made one is empty and equals no digest of content.
class Digest {
 public:
  Digest() = default;
  // Reads "sha256:" and 64 lower-case hexadecimal digits; any other algorithm or spelling is refused by name.
  static Result<Digest> parse(std::string_view text);
  static Digest of(std::string_view bytes);
  // From the 32 bytes themselves.
  static Digest from_bytes(std::span<const uint8_t, 32> bytes);

  bool empty() const { return hex_.empty(); }
  // The 64 digits: the name of the blob's file. Never anything else, so it is safe as a path component.
  const std::string& hex() const { return hex_; }
  // "sha256:…"
  std::string text() const { return empty() ? "" : "sha256:" + hex_; }
  // The first twelve digits, for messages to people.
  std::string brief() const { return hex_.substr(0, 12); }

  auto operator<=>(const Digest&) const = default;

 private:
  std::string hex_;
};

// SHA-256 of a stream.
class Hasher {
 public:
  Hasher();
  Hasher(Hasher&&) noexcept = default;
  Hasher& operator=(Hasher&&) noexcept = default;
  void update(std::string_view bytes);
  // The digest of everything so far; may be asked for again, and more may follow.
  Digest digest() const;

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;
};

}  // namespace kontain::image
