// What a build from a Dockerfile is asked for.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "imagebuild/layer/compress.h"
#include "imagebuild/oci/model.h"

namespace kontain::image::build {

enum class Network { Off, Host };

struct BuildOptions {
  std::string context;     // the folder, empty: there is none
  std::string dockerfile;  // its path; empty: Dockerfile in the context
  std::string target;      // a stage's name or number; empty: the last
  std::map<std::string, std::string> build_args;
  std::map<std::string, std::string> contexts;  // --build-context: name to a folder or an image
  TextMap labels;                               // added behind everything else
  Network network = Network::Off;               // what RUN may use
  bool use_cache = true;
  bool dry_run = false;
  int64_t epoch = 0;  // seconds since 1970: the time of every file and of the image
  CompressOptions compression;
  std::string krun;  // the runtime's path
  std::string km;    // the monitor's; empty: what krun finds
};

}  // namespace kontain::image::build
