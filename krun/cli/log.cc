#include "krun/cli/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/unique_fd.h"

namespace kontain::krun::cli {
namespace {

UniqueFd open_file(const std::string& path) {
  return UniqueFd(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644));
}

std::string now() {
  std::array<char, 32> text{};
  const time_t seconds = time(nullptr);
  tm parts;
  gmtime_r(&seconds, &parts);
  strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

std::string line(LogFormat format, const std::string& message) {
  const nlohmann::ordered_json object = {{"level", "error"}, {"msg", message}, {"time", now()}};
  if (format == LogFormat::Json) {
    return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  }
  return "time=\"" + now() +
         "\" level=error msg=" + object["msg"].dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
         "\n";
}

}  // namespace

Result<void> open_log(const Log& log) {
  if (log.path.empty() || open_file(log.path)) return {};
  return fail_errno("--log", log.path, errno);
}

void report(const Log& log, const Error& error) {
  print_error(error);
  if (log.path.empty()) return;
  const std::string text = line(log.format, error.message());
  const UniqueFd fd = open_file(log.path);
  static_cast<void>(!write(fd.get(), text.data(), text.size()));
}

}  // namespace kontain::krun::cli
