#include "imagebuild/registry/http.h"

#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/version.h"
#include "imagebuild/oci/json.h"

namespace kontain::image {
namespace {

constexpr long kConnectSeconds = 15;
constexpr long kStallSeconds = 60;  // without a byte
constexpr long kMostRedirects = 5;
constexpr size_t kLargestHeaders = size_t{64} << 10;

// Where distributions keep the certificates they trust; a libcurl that was built without a place of its own needs one.
constexpr const char* kCertificates[] = {
    "/etc/ssl/certs/ca-certificates.crt",  // Debian, Arch, Gentoo, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",    // Fedora, Red Hat
    "/etc/ssl/ca-bundle.pem",              // SUSE
    "/etc/ssl/cert.pem",
};

std::string system_certificates() {
  const auto* const found =
      std::ranges::find_if(kCertificates, [](const char* path) { return access(path, R_OK) == 0; });
  return found == std::end(kCertificates) ? "" : *found;
}

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

HeaderList header_list(const std::vector<std::string>& headers) {
  HeaderList list;
  for (const std::string& header : headers) list.reset(curl_slist_append(list.release(), header.c_str()));
  return list;
}

bool is_transient(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return true;
    default: return false;
  }
}

std::string lower(std::string_view text) {
  std::string made(text);
  std::ranges::transform(made, made.begin(), [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return made;
}

std::string_view trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// One request on its way.
struct Transfer {
  CURL* handle;
  const HttpRequest& request;
  HttpResponse response;
  std::optional<Error> error;  // of a sink or source, or a reply beyond the limits
  size_t header_bytes = 0;
  bool body_began = false;

  static size_t on_body(char* data, size_t, size_t size, void* self) {
    return static_cast<Transfer*>(self)->take_body({data, size}) ? size : 0;
  }
  static size_t on_header(char* data, size_t, size_t size, void* self) {
    return static_cast<Transfer*>(self)->take_header({data, size}) ? size : 0;
  }
  static size_t on_upload(char* data, size_t, size_t room, void* self) {
    auto* transfer = static_cast<Transfer*>(self);
    auto count = transfer->request.upload->read({data, room});
    if (count) return *count;
    transfer->error = std::move(count).error();
    return CURL_READFUNC_ABORT;
  }

  bool take_body(std::string_view bytes) {
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    if (request.download && status >= 200 && status < 300) {
      if (request.before_body && !body_began) request.before_body(status);
      body_began = true;
      auto written = request.download->write(bytes);
      if (written) return true;
      error = std::move(written).error();
      return false;
    }
    if (response.body.size() + bytes.size() > kLargestDocument) {
      error = Error{"http", request.url, "the reply is larger than 4 MiB"};
      return false;
    }
    response.body += bytes;
    return true;
  }

  bool take_header(std::string_view line) {
    header_bytes += line.size();
    if (header_bytes > kLargestHeaders) {
      error = Error{"http", request.url, "the reply has too many headers"};
      return false;
    }
    if (line.starts_with("HTTP/")) response.headers.clear();  // of a redirection
    const size_t colon = line.find(':');
    if (colon != std::string_view::npos) response.headers[lower(line.substr(0, colon))] = trim(line.substr(colon + 1));
    return true;
  }
};

bool global_init() {
  static const bool done = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return done;
}

}  // namespace

struct Http::Impl {
  CURL* handle = curl_easy_init();
  std::string ca_file;
  HttpFailure failure = HttpFailure::None;
  ~Impl() { curl_easy_cleanup(handle); }

  void set_common(Transfer& transfer, std::array<char, CURL_ERROR_SIZE>& text) const {
    curl_easy_reset(handle);
    curl_easy_setopt(handle, CURLOPT_URL, transfer.request.url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    // From https never to http: a redirection must not take away what protects it.
    curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR,
                     transfer.request.url.starts_with("https:") ? "https" : "http,https");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(handle, CURLOPT_MAXREDIRS, kMostRedirects);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, kStallSeconds);
    curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, 256L << 10);
    curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, text.data());
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, Transfer::on_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, Transfer::on_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
    if (!ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, ca_file.c_str());
  }

  void set_method(Transfer& transfer) const {
    const HttpRequest& request = transfer.request;
    if (request.method == "HEAD") {
      curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    } else if (request.upload) {
      curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
      curl_easy_setopt(handle, CURLOPT_READFUNCTION, Transfer::on_upload);
      curl_easy_setopt(handle, CURLOPT_READDATA, &transfer);
      curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.upload_size));
      curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    } else if (request.method != "GET") {
      curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.c_str());
      curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
  }
};

Http::Http(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Http::Http(Http&&) noexcept = default;
Http& Http::operator=(Http&&) noexcept = default;
Http::~Http() = default;

HttpFailure Http::failure() const { return impl_->failure; }

Result<Http> Http::create(const std::string& ca_file) {
  auto impl = std::make_unique<Impl>();
  if (!global_init() || !impl->handle) return fail("libcurl", "", "cannot be initialised");
  impl->ca_file = ca_file.empty() ? system_certificates() : ca_file;
  return Http(std::move(impl));
}

Result<HttpResponse> Http::perform(const HttpRequest& request) {
  Transfer transfer{.handle = impl_->handle, .request = request, .response = {}, .error = {}};
  std::array<char, CURL_ERROR_SIZE> text{};
  impl_->set_common(transfer, text);
  impl_->set_method(transfer);
  std::vector<std::string> headers = request.headers;
  headers.push_back(std::string("User-Agent: kontain-build/") + version());
  headers.emplace_back("Expect:");
  const HeaderList list = header_list(headers);
  curl_easy_setopt(impl_->handle, CURLOPT_HTTPHEADER, list.get());
  const CURLcode code = curl_easy_perform(impl_->handle);
  impl_->failure = HttpFailure::None;
  if (code == CURLE_OK) {
    curl_easy_getinfo(impl_->handle, CURLINFO_RESPONSE_CODE, &transfer.response.status);
    const char* url = nullptr;
    curl_easy_getinfo(impl_->handle, CURLINFO_EFFECTIVE_URL, &url);
    transfer.response.url = url ? url : request.url;
    return std::move(transfer.response);
  }
  impl_->failure = !transfer.error && is_transient(code) ? HttpFailure::Transient : HttpFailure::Final;
  if (transfer.error) return tl::make_unexpected(*transfer.error);
  return fail(request.method, request.url, text[0] ? text.data() : curl_easy_strerror(code));
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  static constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string made;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (kPlain.find(c) != std::string_view::npos) {
      made += c;
    } else {
      made += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return made;
}

}  // namespace kontain::image
