// What a build from a Dockerfile is asked for.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "imagebuild/layer/compress.h"
#include "imagebuild/oci/model.h"

namespace kontain::image::build {

enum class Network { Off, Host };

// What RUN steps see in place of the machine's time and randomness (km --clock, --random-seed).
struct Repeatable {
  std::optional<int64_t> clock;         // seconds since 1970: there, and a millisecond on, the clock stands still
  std::optional<uint64_t> random_seed;  // every step begins with it
  bool is_asked_for() const { return clock || random_seed; }
};

struct BuildOptions {
  std::string context;     // the folder, empty: there is none
  std::string dockerfile;  // its path; empty: Dockerfile in the context
  std::string target;      // a stage's name or number; empty: the last
  std::map<std::string, std::string> build_args;
  std::map<std::string, std::string> contexts;  // --build-context: name to a folder or an image
  TextMap labels;                               // added behind everything else
  Network network = Network::Off;               // what RUN may use
  Repeatable repeatable;
  bool use_cache = true;
  bool dry_run = false;
  int64_t epoch = 0;  // seconds since 1970: the time of every file and of the image
  CompressOptions compression;
  std::string krun;  // the runtime's path
  std::string km;    // the monitor's; empty: what krun finds
};

}  // namespace kontain::image::build
