#include "imagebuild/registry/client.h"

#include <sys/stat.h>

#include <algorithm>
#include <thread>

#include "imagebuild/oci/json.h"
#include "imagebuild/registry/reply.h"

namespace kontain::image {
namespace {

constexpr const char* kDockerHubHost = "registry-1.docker.io";
constexpr auto kLongestPause = std::chrono::seconds(30);

constexpr uint64_t kFirstChunk = uint64_t{16} << 20;
constexpr uint64_t kSmallestChunk = uint64_t{1} << 20;

constexpr std::string_view kAccept[] = {kMediaManifest, kMediaIndex, kMediaDockerManifest, kMediaDockerList};

bool is_this_machine(const std::string& registry) {
  const std::string host = registry.substr(0, registry.rfind(':'));
  return host == "localhost" || host.starts_with("127.") || registry.starts_with("[::1]");
}

std::string default_ca_file(const std::string& registry) {
  const std::string path = "/etc/docker/certs.d/" + registry + "/ca.crt";
  struct stat status{};
  return stat(path.c_str(), &status) == 0 ? path : "";
}

std::string header(const HttpResponse& response, const std::string& name) {
  const auto found = response.headers.find(name);
  return found == response.headers.end() ? "" : found->second;
}

bool may_pass(long status) {
  return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

// Passes on everything behind the first `skip` bytes and counts what was passed on.
class ResumingSink final : public Sink {
 public:
  explicit ResumingSink(Sink& next) : next_(next) {}
  Result<void> write(std::string_view bytes) override {
    const size_t dropped = std::min<uint64_t>(skip_, bytes.size());
    skip_ -= dropped;
    bytes.remove_prefix(dropped);
    done_ += bytes.size();
    return next_.write(bytes);
  }
  uint64_t done() const { return done_; }
  void skip(uint64_t count) { skip_ = count; }

 private:
  Sink& next_;
  uint64_t done_ = 0, skip_ = 0;
};

// The next `size` bytes.
class LimitedSource final : public Source {
 public:
  LimitedSource(Source& source, uint64_t size) : source_(source), rest_(size) {}
  Result<size_t> read(std::span<char> buffer) override {
    TRY_ASSIGN(const size_t count, source_.read(buffer.first(std::min<uint64_t>(buffer.size(), rest_))));
    rest_ -= count;
    return count;
  }

 private:
  Source& source_;
  uint64_t rest_;
};

tl::unexpected<Error> refused(std::string_view what, const std::string& where, const HttpResponse& response) {
  return fail(what, where, error_text(response));
}

}  // namespace

std::string error_text(const HttpResponse& response) {
  std::string status = "the registry answers " + std::to_string(response.status);
  const auto document = parse_json(response.body, "reply");
  if (!document) return status;
  JsonReader::State state{"reply", {}};
  std::string text;
  JsonReader(state, &*document)["errors"].for_each([&](const JsonReader& entry) {
    if (!entry.is_object() || text.size() > 400) return;
    const std::string message = entry["message"].text(), code = entry["code"].text();
    text += (text.empty() ? "" : "; ") + (message.empty() ? code : message);
  });
  return text.empty() ? status : status + " (" + text.substr(0, 400) + ")";
}

RegistryClient::RegistryClient(Http http, const Reference& repository, const RegistryOptions& options)
    : http_(std::move(http)), repository_(repository), options_(options) {
  const bool plain = options.plain_http || is_this_machine(repository.registry);
  const std::string host = repository.registry == "docker.io" ? kDockerHubHost : repository.registry;
  base_ = (plain ? "http://" : "https://") + host;
}

Result<RegistryClient> RegistryClient::create(const Reference& repository, const RegistryOptions& options) {
  if (repository.registry.empty()) return fail("registry", repository.text(), "the name has no registry");
  TRY_ASSIGN(Http http, Http::create(options.ca_file.empty() ? default_ca_file(repository.registry) : options.ca_file));
  return RegistryClient(std::move(http), repository, options);
}

std::string RegistryClient::url(const std::string& rest) const {
  return base_ + "/v2/" + repository_.repository + "/" + rest;
}

void RegistryClient::pause(int attempt, const HttpResponse* response) const {
  std::chrono::milliseconds time = options_.first_pause * (1 << std::min(attempt, 10));
  if (response) {
    if (const auto asked = header_number(header(*response, "retry-after")))
      time = std::chrono::seconds(std::min<uint64_t>(*asked, 3600));
  }
  std::this_thread::sleep_for(std::min<std::chrono::milliseconds>(time, kLongestPause));
}

// Once, and once more with the authorization that a 401 asks for.
Result<HttpResponse> RegistryClient::request_once(HttpRequest& request) {
  const std::vector<std::string> headers = request.headers;
  // A registry may send uploads to another machine, which must not see what this one is trusted with.
  const bool trusted = same_origin(request.url, base_);
  for (int round = 0;; ++round) {
    request.headers = headers;
    if (trusted && !authorization_.empty()) request.headers.push_back("Authorization: " + authorization_);
    auto response = http_.perform(request);
    request.headers = headers;
    if (!response || response->status != 401 || !trusted) return response;
    if (round == 1) {
      const bool basic = authorization_.starts_with("Basic");
      return fail("registry", repository_.registry, basic ? "the password is wrong" : "access is denied");
    }
    TRY(authenticate(*response));
    if (request.upload) return response;  // its content is consumed: the caller opens it again
  }
}

Result<HttpResponse> RegistryClient::request(HttpRequest request) {
  for (int attempt = 0;; ++attempt) {
    auto response = request_once(request);
    const bool again = response ? may_pass(response->status) : http_.failure() == HttpFailure::Transient;
    if (!again || attempt + 1 >= options_.attempts) return response;
    pause(attempt, response ? &*response : nullptr);
  }
}

Result<RegistryClient::Document> RegistryClient::fetch_document(const std::string& reference) {
  HttpRequest asked;
  asked.url = url("manifests/" + reference);
  for (const std::string_view type : kAccept) asked.headers.push_back("Accept: " + std::string(type));
  TRY_ASSIGN(const HttpResponse response, request(asked));
  if (response.status != 200) return refused("pull", repository_.name() + ":" + reference, response);
  Document made;
  made.text = response.body;
  // What the document says of itself counts: a registry may call it anything.
  TRY_ASSIGN(const std::string type, document_media_type(made.text));
  made.descriptor = describe(type, made.text);
  if (const auto wanted = Digest::parse(reference); wanted && *wanted != made.descriptor.digest) {
    return fail("pull", repository_.name() + "@" + reference, "the registry sent " + made.descriptor.digest.text());
  }
  return made;
}

Result<void> RegistryClient::fetch(const Descriptor& descriptor, Sink& sink) {
  const MediaKind kind = media_type(descriptor.media_type).kind;
  if (kind == MediaKind::Manifest || kind == MediaKind::Index) {
    TRY_ASSIGN(const Document document, fetch_document(descriptor.digest.text()));
    return sink.write(document.text);
  }
  ResumingSink output(sink);
  HttpRequest asked;
  asked.url = url("blobs/" + descriptor.digest.text());
  asked.download = &output;
  for (int attempt = 0;; ++attempt) {
    const uint64_t before = output.done();
    asked.headers.clear();
    if (before > 0) asked.headers.push_back("Range: bytes=" + std::to_string(before) + "-");
    // A server without ranges sends everything again.
    asked.before_body = [&output, before](long status) { output.skip(status == 200 ? before : 0); };
    const auto response = request_once(asked);
    if (response && (response->status == 200 || response->status == 206)) return {};
    const bool again = response ? may_pass(response->status) : http_.failure() == HttpFailure::Transient;
    if (!again || attempt + 1 >= options_.attempts) {
      if (!response) return tl::make_unexpected(response.error());
      return refused("pull", descriptor.digest.text(), *response);
    }
    if (output.done() > before) attempt = -1;  // as long as it goes on, it may
    pause(std::max(attempt, 0), response ? &*response : nullptr);
  }
}

Result<bool> RegistryClient::has_blob(const Descriptor& descriptor) {
  HttpRequest asked;
  asked.method = "HEAD";
  asked.url = url("blobs/" + descriptor.digest.text());
  TRY_ASSIGN(const HttpResponse response, request(asked));
  if (response.status == 404) return false;
  if (response.status != 200) return refused("push", repository_.name(), response);
  return true;
}

Result<std::string> RegistryClient::location_of(const HttpResponse& response) const {
  return upload_location(base_, header(response, "location"));
}

Result<bool> RegistryClient::mount(const Descriptor& descriptor, const std::string& from_repository) {
  // A token for both repositories: without one the registry hides what the other has.
  const std::string scope = "repository:" + from_repository + ":pull";
  if (std::ranges::find(scopes_, scope) == scopes_.end()) {
    scopes_.push_back(scope);
    if (authorization_.starts_with("Bearer")) authorization_.clear();
  }
  HttpRequest asked;
  asked.method = "POST";
  asked.url = url("blobs/uploads/?mount=" + percent_encode(descriptor.digest.text()) +
                  "&from=" + percent_encode(from_repository));
  TRY_ASSIGN(const HttpResponse response, request(asked));
  if (response.status == 201) return true;
  if (response.status != 202) return false;
  // An upload was started instead, which nobody will end.
  TRY_ASSIGN(const std::string location, location_of(response));
  HttpRequest cancel;
  cancel.method = "DELETE";
  cancel.url = location;
  static_cast<void>(request_once(cancel));
  return false;
}

Result<std::string> RegistryClient::start_upload() {
  HttpRequest asked;
  asked.method = "POST";
  asked.url = url("blobs/uploads/");
  TRY_ASSIGN(const HttpResponse response, request(asked));
  if (response.status != 202) return refused("push", repository_.name(), response);
  return location_of(response);
}

// Where the registry is with an upload: its offset and where to go on; nothing when it has given it up.
Result<std::optional<RegistryClient::Upload>> RegistryClient::ask_progress(const Upload& upload) {
  HttpRequest question;
  question.url = upload.location;
  TRY_ASSIGN(const HttpResponse status, request(question));
  if (status.status != 204 && status.status != 202) return std::nullopt;
  Upload found{upload.location, received_bytes(header(status, "range"))};
  if (!header(status, "location").empty()) {
    TRY_ASSIGN(found.location, location_of(status));
  }
  return std::optional(found);
}

Result<HttpResponse> RegistryClient::send_chunk(const Upload& upload, Source& content, uint64_t size, bool whole) {
  HttpRequest asked;
  asked.method = "PATCH";
  asked.url = upload.location;
  asked.headers = {"Content-Type: application/octet-stream"};
  if (!whole) {
    asked.headers.push_back("Content-Range: " + std::to_string(upload.offset) + "-" +
                            std::to_string(upload.offset + size - 1));
  }
  LimitedSource limited(content, size);
  asked.upload = &limited;
  asked.upload_size = size;
  return request_once(asked);
}

// Everything at once, as most registries are used to; after a failure in pieces, smaller each time.
Result<std::string> RegistryClient::send_content(const Descriptor& descriptor, const OpenAt& open) {
  TRY_ASSIGN(const std::string start, start_upload());
  Upload upload{start, 0};
  uint64_t chunk = 0;  // 0: everything
  for (int failures = 0; upload.offset < descriptor.size;) {
    const uint64_t rest = descriptor.size - upload.offset;
    const uint64_t size = chunk == 0 ? rest : std::min(rest, chunk);
    TRY_ASSIGN(const std::unique_ptr<Source> content, open(upload.offset));
    const auto response = send_chunk(upload, *content, size, size == descriptor.size);
    if (response && (response->status == 202 || response->status == 204)) {
      upload.offset += size;
      TRY_ASSIGN(upload.location, location_of(*response));
      failures = 0;
      continue;
    }
    const bool again = response ? may_pass(response->status) || response->status == 401 || response->status == 416
                                : http_.failure() == HttpFailure::Transient;
    if (!again || ++failures >= options_.attempts) {
      if (!response) return tl::make_unexpected(response.error());
      return refused("push", descriptor.digest.text(), *response);
    }
    pause(failures - 1, response ? &*response : nullptr);
    chunk = chunk == 0 ? kFirstChunk : std::max(chunk / 2, kSmallestChunk);
    TRY_ASSIGN(const std::optional<Upload> progress, ask_progress(upload));
    if (progress && progress->offset <= descriptor.size) {
      upload = *progress;
    } else {
      // Some registries give up what broke within a piece.
      TRY_ASSIGN(upload.location, start_upload());
      upload.offset = 0;
    }
  }
  return upload.location;
}

Result<void> RegistryClient::upload(const Descriptor& descriptor, const OpenAt& open) {
  TRY_ASSIGN(const std::string location, send_content(descriptor, open));
  HttpRequest end;
  end.method = "PUT";
  end.url = location + (location.find('?') == std::string::npos ? "?" : "&") +
            "digest=" + percent_encode(descriptor.digest.text());
  end.headers = {"Content-Type: application/octet-stream"};
  TRY_ASSIGN(const HttpResponse response, request(end));
  if (response.status != 201 && response.status != 204) return refused("push", descriptor.digest.text(), response);
  return {};
}

Result<void> RegistryClient::put_document(const std::string& reference, const Descriptor& descriptor,
                                          const std::string& text) {
  HttpRequest asked;
  asked.method = "PUT";
  asked.url = url("manifests/" + reference);
  asked.headers = {"Content-Type: " + descriptor.media_type};
  asked.body = text;
  TRY_ASSIGN(const HttpResponse response, request(asked));
  if (response.status != 201 && response.status != 202) {
    return refused("push", repository_.name() + ":" + reference, response);
  }
  const std::string digest = header(response, "docker-content-digest");
  if (!digest.empty() && digest != descriptor.digest.text()) {
    return fail("push", repository_.name() + ":" + reference, "the registry made " + digest + " of it");
  }
  return {};
}

}  // namespace kontain::image
