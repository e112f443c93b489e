// What the headers of a registry's replies mean, all of them hostile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace kontain::image {

// A decimal number and nothing else.
std::optional<uint64_t> header_number(std::string_view text);

// Bytes that a Range header "0-LAST" of an upload speaks of (distribution-spec 1.1, "Pushing a blob in chunks"). "0-0"
// is nothing or one byte: nothing is safe.
uint64_t received_bytes(std::string_view range);

// Whether both URLs have the same scheme, host and port (RFC 6454, 4): only then may one get the other's credentials.
bool same_origin(std::string_view left, std::string_view right);

// Where an upload goes on: the Location header, complete, for a registry at `base` ("https://registry"). A registry
// that is asked by TLS cannot send the upload elsewhere without.
Result<std::string> upload_location(const std::string& base, const std::string& location);

}  // namespace kontain::image
