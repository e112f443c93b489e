// What a person sees of a build. One object for all stages, used from their threads.
#pragma once

#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace kontain::image::build {

class Progress {
 public:
  enum class Mode { Silent, Plain };  // Silent: only the output of a step that fails

  explicit Progress(Mode mode, std::FILE* out = stderr) : mode_(mode), out_(out) {}

  // `stage` is a stage's name; `step` and `steps` count from 1.
  void begin(const std::string& stage, size_t step, size_t steps, std::string_view text);
  // Why a step took no time, or nothing.
  void end(const std::string& stage, std::string_view note);
  // Output of a RUN step; kept to be shown when it fails.
  void output(const std::string& stage, std::string_view text);
  // The last output of the stage's step, at most kKept bytes.
  std::string last_output(const std::string& stage);

  static constexpr size_t kKept = 64 << 10;

 private:
  struct Running {
    std::string prefix;
    std::string kept;
    std::string line;  // unfinished
    std::chrono::steady_clock::time_point since;
  };
  void print(const std::string& prefix, std::string_view line);
  Mode mode_;
  std::FILE* out_;
  std::mutex mutex_;
  std::map<std::string, Running> running_;
};

}  // namespace kontain::image::build
