#include "imagebuild/oci/json.h"
#include "imagebuild/registry/client.h"

namespace kontain::image {
namespace {

// "token" or "access_token" of a token server's reply (Docker Registry v2 token authentication; OAuth 2).
Result<std::string> token_of(const HttpResponse& response, const std::string& realm) {
  TRY_ASSIGN(const nlohmann::json document, parse_json(response.body, "token"));
  JsonReader::State state{"token", {}};
  const JsonReader from(state, &document);
  std::string token = from["token"].text();
  if (token.empty()) token = from["access_token"].text();
  TRY(state.status);
  // It becomes a header: nothing but visible characters.
  for (const char c : token) {
    if (c <= ' ' || c > '~') token.clear();
  }
  if (token.empty()) return fail("token", realm, "the reply has none");
  return token;
}

std::string parameter(const Challenge& challenge, const char* name) {
  const auto found = challenge.parameters.find(name);
  return found == challenge.parameters.end() ? "" : found->second;
}

}  // namespace

Result<void> RegistryClient::authenticate(const HttpResponse& refusal) {
  const auto found = refusal.headers.find("www-authenticate");
  if (found == refusal.headers.end()) return fail("registry", repository_.registry, error_text(refusal));
  TRY_ASSIGN(const Challenge challenge, parse_challenge(found->second));
  if (!credentials_known_) {
    TRY_ASSIGN(credentials_, find_credentials(repository_.registry));
    credentials_known_ = true;
  }
  if (challenge.scheme == "bearer") return fetch_token(challenge);
  if (challenge.scheme != "basic") {
    return fail("registry", repository_.registry,
                "wants " + challenge.scheme + " authentication, which is not supported");
  }
  if (!credentials_) {
    return fail("registry", repository_.registry, "wants a password and config.json of docker has none (docker login)");
  }
  const std::string authorization = basic_authorization(*credentials_);
  if (authorization == authorization_) return fail("registry", repository_.registry, "the password is wrong");
  authorization_ = authorization;
  return {};
}

Result<void> RegistryClient::fetch_token(const Challenge& challenge) {
  const std::string realm = parameter(challenge, "realm");
  if (!realm.starts_with("https://") && !(base_.starts_with("http://") && realm.starts_with("http://"))) {
    return fail("token", realm, "the token server must be reached by https");
  }
  std::string query = "service=" + percent_encode(parameter(challenge, "service"));
  const std::string scope = parameter(challenge, "scope");
  if (!scope.empty()) query += "&scope=" + percent_encode(scope);
  for (const std::string& other : scopes_) query += "&scope=" + percent_encode(other);
  HttpRequest asked;
  if (credentials_ && !credentials_->identity_token.empty()) {
    asked.method = "POST";
    asked.url = realm;
    asked.headers = {"Content-Type: application/x-www-form-urlencoded"};
    asked.body = "grant_type=refresh_token&client_id=kontain-build&refresh_token=" +
                 percent_encode(credentials_->identity_token) + "&" + query;
  } else {
    asked.url = realm + (realm.find('?') == std::string::npos ? "?" : "&") + query;
    if (credentials_) asked.headers = {"Authorization: " + basic_authorization(*credentials_)};
  }
  TRY_ASSIGN(const HttpResponse response, http_.perform(asked));
  if (response.status != 200) return fail("token", realm, error_text(response));
  TRY_ASSIGN(const std::string token, token_of(response, realm));
  authorization_ = "Bearer " + token;
  return {};
}

}  // namespace kontain::image
