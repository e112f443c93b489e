// A registry as distribution-spec 1.1 describes it: pulling and pushing one repository.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "imagebuild/oci/model.h"
#include "imagebuild/oci/reference.h"
#include "imagebuild/registry/auth.h"
#include "imagebuild/registry/http.h"
#include "imagebuild/transport/graph.h"

namespace kontain::image {

struct RegistryOptions {
  bool plain_http = false;  // registries on this machine ("localhost", 127.*) are asked without TLS in any case
  std::string ca_file;      // "": /etc/docker/certs.d/REGISTRY/ca.crt when it exists, else the system's
  int attempts = 5;         // of a request that fails for reasons that may pass
  std::chrono::milliseconds first_pause{200};  // before the second attempt; doubled before each further one
};

class RegistryClient final : public BlobSource {
 public:
  // `repository.registry` must not be empty.
  static Result<RegistryClient> create(const Reference& repository, const RegistryOptions& options);

  // The manifest or index behind a tag or digest ("latest", "sha256:…"), at most 4 MiB, and what it is.
  struct Document {
    Descriptor descriptor;
    std::string text;
  };
  Result<Document> fetch_document(const std::string& reference);
  // A blob, or a manifest or index by its digest. Goes on where it was when the connection breaks.
  Result<void> fetch(const Descriptor& descriptor, Sink& sink) override;

  Result<bool> has_blob(const Descriptor& descriptor);
  // Asks for the blob of another repository of this registry; false when the registry does not know it there.
  Result<bool> mount(const Descriptor& descriptor, const std::string& from_repository);
  // Uploads what `open` gives (from an offset, for resumed uploads).
  using OpenAt = std::function<Result<std::unique_ptr<Source>>(uint64_t offset)>;
  Result<void> upload(const Descriptor& descriptor, const OpenAt& open);
  // Stores a manifest or index under a tag or digest.
  Result<void> put_document(const std::string& reference, const Descriptor& descriptor, const std::string& text);

 private:
  RegistryClient(Http http, const Reference& repository, const RegistryOptions& options);

  std::string url(const std::string& rest) const;
  // The same as Http::perform with authentication, and again after failures that may pass.
  Result<HttpResponse> request(HttpRequest request);
  Result<HttpResponse> request_once(HttpRequest& request);
  Result<void> authenticate(const HttpResponse& refusal);
  Result<void> fetch_token(const Challenge& challenge);
  Result<std::string> start_upload();
  struct Upload {
    std::string location;
    uint64_t offset = 0;  // what the registry has
  };
  Result<std::optional<Upload>> ask_progress(const Upload& upload);
  Result<HttpResponse> send_chunk(const Upload& upload, Source& content, uint64_t size, bool whole);
  Result<std::string> send_content(const Descriptor& descriptor, const OpenAt& open);
  Result<std::string> location_of(const HttpResponse& response) const;
  void pause(int attempt, const HttpResponse* response) const;

  Http http_;
  Reference repository_;
  RegistryOptions options_;
  std::string base_;           // "https://registry"
  std::string authorization_;  // header, when the registry asked for one
  bool credentials_known_ = false;
  std::optional<Credentials> credentials_;
  std::vector<std::string> scopes_;  // of the token
};

// What a registry said was wrong: "errors" of its JSON reply (distribution-spec 1.1, "Error Codes"), else the status.
std::string error_text(const HttpResponse& response);

}  // namespace kontain::image
