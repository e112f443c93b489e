// HTTP requests, on libcurl: only http and https, credentials to the asked host only, bounded replies.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "imagebuild/tar/stream.h"

namespace kontain::image {

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  std::string body;                  // sent when there is no `upload`
  Source* upload = nullptr;          // gives exactly `upload_size` bytes
  uint64_t upload_size = 0;
  Sink* download = nullptr;                      // gets the body of a 2xx reply; else it is in the response
  std::function<void(long status)> before_body;  // called before the first byte of a 2xx reply
};

struct HttpResponse {
  long status = 0;
  std::map<std::string, std::string> headers;  // names in lower case; the last of equal ones
  std::string body;                            // at most 4 MiB
  std::string url;                             // where redirections led
};

// How a request can fail without an answer.
enum class HttpFailure { None, Transient, Final };

class Http {
 public:
  // `ca_file` ("" for the system's) has certificates to trust.
  static Result<Http> create(const std::string& ca_file);
  Http(Http&&) noexcept;
  Http& operator=(Http&&) noexcept;
  ~Http();

  // One attempt. Any status is a response; a connection that broke is an error, see failure().
  Result<HttpResponse> perform(const HttpRequest& request);
  // Of the last request: whether the same again may work.
  HttpFailure failure() const;

 private:
  struct Impl;
  explicit Http(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Everything but letters, digits, "-", ".", "_" and "~" as %XX (RFC 3986, 2.3).
std::string percent_encode(std::string_view text);

}  // namespace kontain::image
