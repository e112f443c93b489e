#include "krun/cli/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/text.h"
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

std::string line(LogFormat format, const char* level, const std::string& message) {
  const nlohmann::ordered_json object = {{"level", level}, {"msg", message}, {"time", now()}};
  const auto dump = [](const nlohmann::ordered_json& value) {
    return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  };
  if (format == LogFormat::Json) return dump(object) + "\n";
  return "time=\"" + now() + "\" level=" + level + " msg=" + dump(object["msg"]) + "\n";
}

void append(const Log& log, const char* level, const std::string& message) {
  const std::string text = line(log.format, level, message);
  const UniqueFd file = log.path.empty() ? UniqueFd() : open_file(log.path);
  static_cast<void>(!write(file ? file.get() : STDERR_FILENO, text.data(), text.size()));
}

}  // namespace

Result<void> open_log(const Log& log) {
  if (log.path.empty() || open_file(log.path)) return {};
  return fail_errno("--log", log.path, errno);
}

void report(const Log& log, const Error& error) {
  print_error(error);
  if (!log.path.empty()) append(log, "error", error.message());
}

void log_debug(const Log& log, const std::string& what, const std::vector<std::string>& words) {
  std::string message = what;
  for (const std::string& word : words) message += " " + escape_control(word);
  append(log, "debug", message);
}

}  // namespace kontain::krun::cli
