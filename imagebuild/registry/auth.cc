#include "imagebuild/registry/auth.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "imagebuild/oci/json.h"
#include "imagebuild/store/files.h"

namespace kontain::image {
namespace {

constexpr std::string_view kDockerHub = "docker.io";
constexpr std::string_view kDockerHubKey = "https://index.docker.io/v1/";  // what `docker login` calls it

std::string environment(const char* name) {
  const char* value = getenv(name);
  return value ? value : "";
}

std::vector<std::string> credential_files() {
  std::vector<std::string> files;
  const std::string docker = environment("DOCKER_CONFIG"), home = environment("HOME");
  const std::string podman = environment("REGISTRY_AUTH_FILE"), run = environment("XDG_RUNTIME_DIR");
  if (!docker.empty()) files.push_back(docker + "/config.json");
  if (docker.empty() && !home.empty()) files.push_back(home + "/.docker/config.json");
  if (!podman.empty()) {
    files.push_back(podman);
  } else if (!run.empty()) {
    files.push_back(run + "/containers/auth.json");
  }
  return files;
}

// "https://host/v1/" and "host/" are the same as "host".
std::string host_of(std::string_view key) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (key.starts_with(scheme)) key.remove_prefix(scheme.size());
  }
  return std::string(key.substr(0, key.find('/')));
}

bool names(std::string_view key, const std::string& registry) {
  return host_of(key) == registry || (registry == kDockerHub && key == kDockerHubKey);
}

Result<Credentials> read_entry(const JsonReader& entry, const std::string& file) {
  Credentials made;
  made.user = entry["username"].text();
  made.password = entry["password"].text();
  made.identity_token = entry["identitytoken"].text();
  const std::string encoded = entry["auth"].text();
  if (encoded.empty()) return made;
  const auto decoded = decode_base64(encoded);
  const size_t colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) return fail(file, "auth", "not base64 of user:password");
  made.user = decoded->substr(0, colon);
  made.password = decoded->substr(colon + 1);
  return made;
}

bool is_token_character(char c) {
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos ||
         isalnum(static_cast<unsigned char>(c));
}

std::string lower(std::string_view text) {
  std::string made(text);
  std::ranges::transform(made, made.begin(), [](unsigned char c) { return static_cast<char>(tolower(c)); });
  return made;
}

// Reads a header from left to right.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : rest_(text) {}
  bool at_end() const { return rest_.empty(); }
  void skip(std::string_view characters) {
    const size_t count = rest_.find_first_not_of(characters);
    rest_.remove_prefix(count == std::string_view::npos ? rest_.size() : count);
  }
  std::string token() {
    size_t length = 0;
    while (length < rest_.size() && is_token_character(rest_[length])) ++length;
    std::string made(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return made;
  }
  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // RFC 7230, 3.2.6; nothing when the closing quote is missing.
  std::optional<std::string> quoted() {
    std::string made;
    for (size_t i = 0; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return made;
      }
      if (rest_[i] == '\\' && ++i == rest_.size()) break;
      made += rest_[i];
    }
    return std::nullopt;
  }

 private:
  std::string_view rest_;
};

}  // namespace

Result<std::optional<Credentials>> credentials_in(std::string_view text, const std::string& registry,
                                                  const std::string& file) {
  TRY_ASSIGN(const nlohmann::json document, parse_json(text, file));
  JsonReader::State state{file, {}};
  const JsonReader from(state, &document);
  std::optional<Credentials> found;
  Result<void> read;
  from["auths"].for_each_member([&](const std::string& key, const JsonReader& entry) {
    if (found || !read || !names(key, registry)) return;
    auto made = read_entry(entry, file);
    if (!made) {
      read = tl::make_unexpected(made.error());
    } else if (!made->user.empty() || !made->identity_token.empty()) {
      found = *made;
    }
  });
  TRY(state.status);
  TRY(read);
  if (found) return found;
  std::string helper = from["credsStore"].text();
  from["credHelpers"].for_each_member([&](const std::string& key, const JsonReader& value) {
    if (names(key, registry)) helper = value.text();
  });
  TRY(state.status);
  if (!helper.empty()) return fail(file, registry, "credential helpers (" + helper + ") are not supported");
  return std::nullopt;
}

Result<std::optional<Credentials>> find_credentials(const std::string& registry) {
  for (const std::string& file : credential_files()) {
    TRY_ASSIGN(const auto text, read_file_at(AT_FDCWD, file, kLargestDocument));
    if (!text) continue;
    TRY_ASSIGN(auto found, credentials_in(*text, registry, file));
    if (found) return found;
  }
  return std::nullopt;
}

Result<Challenge> parse_challenge(std::string_view header) {
  HeaderParser parser(header);
  Challenge made;
  parser.skip(" \t");
  made.scheme = lower(parser.token());
  if (made.scheme.empty()) return fail("WWW-Authenticate", header, "no scheme");
  for (;;) {
    parser.skip(" \t,");
    if (parser.at_end()) return made;
    const std::string name = lower(parser.token());
    if (name.empty()) return fail("WWW-Authenticate", header, "not a list of parameters");
    if (!parser.take('=')) return made;  // the scheme of the next challenge
    if (!parser.take('"')) {
      made.parameters[name] = parser.token();
      continue;
    }
    const auto value = parser.quoted();
    if (!value) return fail("WWW-Authenticate", header, "a quote is missing");
    made.parameters[name] = *value;
  }
}

std::string basic_authorization(const Credentials& credentials) {
  const std::string plain = credentials.user + ":" + credentials.password;
  std::string encoded(4 * ((plain.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                      reinterpret_cast<const unsigned char*>(plain.data()), static_cast<int>(plain.size()));
  encoded.resize(static_cast<size_t>(size));
  return "Basic " + encoded;
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0 || text.size() > (size_t{1} << 20)) return std::nullopt;
  std::string made(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(made.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  made.resize(static_cast<size_t>(size) - padding);
  return made;
}

}  // namespace kontain::image
