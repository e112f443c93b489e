// The short form: an image of one payload, without a Dockerfile.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "imagebuild/layer/compress.h"
#include "imagebuild/oci/model.h"
#include "imagebuild/store/store.h"

namespace kontain::image {

// A file or folder of the host and its place in the image.
struct CopyRequest {
  std::string source;
  std::string destination;  // absolute; with a trailing slash: a folder to put it into
  // "SRC:DST"; the last colon before a slash separates.
  static Result<CopyRequest> parse(std::string_view text);
};

struct PayloadRequest {
  std::string payload;  // a file of the host; becomes /NAME and the entry point; may be empty with a base
  std::vector<std::string> arguments;
  std::vector<CopyRequest> copies;
  enum class Closure { No, Yes } closure = Closure::No;  // of the payload and of copied programs
  Descriptor base;                                       // in the store; no digest: none
  std::vector<std::string> env;
  TextMap labels, annotations;
  std::string user, working_dir;
  int64_t epoch = 0;  // seconds; the time of every file, and "created"
  CompressOptions compression;
  enum class Cache { Use, Ignore } cache = Cache::Use;
};

// Builds the image in the store; it has no name yet.
Result<Descriptor> build_payload(const Store& store, const PayloadRequest& request);

// What would be in its layer: the paths, one a line, for --dry-run.
Result<std::vector<std::string>> plan_payload(const PayloadRequest& request);

// $SOURCE_DATE_EPOCH in seconds, or 0 (reproducible-builds.org, "SOURCE_DATE_EPOCH").
Result<int64_t> source_date_epoch();
// RFC 3339, UTC.
std::string timestamp(int64_t seconds);

}  // namespace kontain::image
