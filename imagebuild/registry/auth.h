// Who we are to a registry: credentials from the files that docker and podman write, and the challenges they answer
// (RFC 7235; Docker Registry v2 token authentication).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace kontain::image {

struct Credentials {
  std::string user;
  std::string password;
  std::string identity_token;  // in place of a password: a refresh token of OAuth 2
};

// The credentials for `registry` ("host[:port]") in the text of a config.json ("auths"); nothing when it has none. A
// registry whose credentials are kept by a helper program is an error that names the helper.
Result<std::optional<Credentials>> credentials_in(std::string_view text, const std::string& registry,
                                                  const std::string& file);
// From $DOCKER_CONFIG/config.json or ~/.docker/config.json, then $REGISTRY_AUTH_FILE or podman's auth.json; the first
// file that knows the registry counts.
Result<std::optional<Credentials>> find_credentials(const std::string& registry);

// A WWW-Authenticate header.
struct Challenge {
  std::string scheme;                             // lower case: "basic", "bearer"
  std::map<std::string, std::string> parameters;  // names in lower case
};
// The first challenge of the header. Anything that is not one is an error.
Result<Challenge> parse_challenge(std::string_view header);

// "Basic …" (RFC 7617)
std::string basic_authorization(const Credentials& credentials);

// RFC 4648, 4; nothing when the text is not that.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace kontain::image
