#include "imagebuild/build/progress.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace kontain::image::build {
namespace {

constexpr size_t kShown = 160;     // bytes of a step's text
constexpr size_t kLongest = 4096;  // bytes of a line of output

}  // namespace

void Progress::print(const std::string& prefix, std::string_view line) {
  const std::string text = prefix + " " + escape_control(line) + "\n";
  std::fwrite(text.data(), 1, text.size(), out_);
  std::fflush(out_);
}

void Progress::begin(const std::string& stage, size_t step, size_t steps, std::string_view text) {
  const std::scoped_lock guard(mutex_);
  Running& running = running_[stage];
  running = {"[" + stage + " " + std::to_string(step) + "/" + std::to_string(steps) + "]",
             {},
             {},
             std::chrono::steady_clock::now()};
  if (mode_ == Mode::Plain) print(running.prefix, text.substr(0, kShown));
}

void Progress::end(const std::string& stage, std::string_view note) {
  const std::scoped_lock guard(mutex_);
  Running& running = running_[stage];
  if (mode_ == Mode::Silent) return;
  if (!running.line.empty()) print(running.prefix + " |", running.line);
  running.line.clear();
  if (!note.empty()) return print(running.prefix, note);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - running.since;
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "done in %.1f s", taken.count());
  if (taken.count() >= 0.1) print(running.prefix, text.data());
}

void Progress::output(const std::string& stage, std::string_view text) {
  const std::scoped_lock guard(mutex_);
  Running& running = running_[stage];
  running.kept += text;
  if (running.kept.size() > 2 * kKept) running.kept.erase(0, running.kept.size() - kKept);
  if (mode_ == Mode::Silent) return;
  running.line += text;
  for (size_t end; (end = running.line.find_first_of("\n\r")) != std::string::npos;) {
    if (end > 0) print(running.prefix + " |", std::string_view(running.line).substr(0, std::min(end, kLongest)));
    running.line.erase(0, end + 1);
  }
  if (running.line.size() > kLongest) {
    print(running.prefix + " |", running.line);
    running.line.clear();
  }
}

std::string Progress::last_output(const std::string& stage) {
  const std::scoped_lock guard(mutex_);
  const std::string& kept = running_[stage].kept;
  return kept.size() > kKept ? kept.substr(kept.size() - kKept) : kept;
}

}  // namespace kontain::image::build
