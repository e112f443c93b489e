#include "imagebuild/oci/digest.h"

#include <openssl/evp.h>

#include <algorithm>

namespace kontain::image {
namespace {

constexpr std::string_view kPrefix = "sha256:";
constexpr size_t kHexLength = 64;

bool is_lower_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

EVP_MD_CTX* evp(void* context) { return static_cast<EVP_MD_CTX*>(context); }

// EVP_sha256() looks its provider up again at each use; the fetched one is found once.
const EVP_MD* sha256() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

}  // namespace

Result<Digest> Digest::parse(std::string_view text) {
  if (!text.starts_with(kPrefix)) return fail("digest", text.substr(0, 80), "sha256: and 64 digits are expected");
  const std::string_view hex = text.substr(kPrefix.size());
  if (hex.size() != kHexLength || !std::ranges::all_of(hex, is_lower_hex)) {
    return fail("digest", text.substr(0, 80), "64 lower-case hexadecimal digits are expected");
  }
  Digest digest;
  digest.hex_ = hex;
  return digest;
}

Digest Digest::of(std::string_view bytes) {
  Hasher hasher;
  hasher.update(bytes);
  return hasher.digest();
}

Digest Digest::from_bytes(std::span<const uint8_t, 32> bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  Digest digest;
  for (const uint8_t byte : bytes) {
    digest.hex_ += kDigits[byte >> 4];
    digest.hex_ += kDigits[byte & 15];
  }
  return digest;
}

Hasher::Hasher() : context_(EVP_MD_CTX_new()) {
  KONTAIN_CHECK(context_ && EVP_DigestInit_ex(evp(context_.get()), sha256(), nullptr) == 1);
}

void Hasher::Free::operator()(void* context) const { EVP_MD_CTX_free(evp(context)); }

void Hasher::update(std::string_view bytes) {
  KONTAIN_CHECK(EVP_DigestUpdate(evp(context_.get()), bytes.data(), bytes.size()) == 1);
}

Digest Hasher::digest() const {
  const std::unique_ptr<void, Free> copy(EVP_MD_CTX_new());
  std::array<uint8_t, 32> bytes{};
  KONTAIN_CHECK(copy && EVP_MD_CTX_copy_ex(evp(copy.get()), evp(context_.get())) == 1);
  KONTAIN_CHECK(EVP_DigestFinal_ex(evp(copy.get()), bytes.data(), nullptr) == 1);
  return Digest::from_bytes(bytes);
}

}  // namespace kontain::image
