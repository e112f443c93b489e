#include "krun/cgroup/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <thread>

#include "base/text.h"
#include "base/unique_fd.h"

namespace kontain::krun::cgroup {

Result<std::string> read_text(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("read", path, errno);
  std::string text;
  char buffer[8192];
  ssize_t count = 0;
  while ((count = read(fd.get(), buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<size_t>(count));
  if (count < 0) return fail_errno("read", path, errno);
  return text;
}

Result<void> write_text(const std::string& path, const std::string& text) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  ssize_t written = -1;
  do {
    written = fd ? write(fd.get(), text.data(), text.size()) : -1;
  } while (written < 0 && fd && errno == EINTR);
  if (written != static_cast<ssize_t>(text.size())) return fail_errno("write \"" + text + "\" to", path, errno);
  return {};
}

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

std::optional<uint64_t> read_number(const std::string& path) {
  const auto text = read_text(path);
  if (!text) return std::nullopt;
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end == text->data()) return std::nullopt;
  return value;
}

uint64_t number_of_key(const std::string& path, const std::string& key) {
  const auto text = read_text(path);
  if (!text) return 0;
  for (const std::string& line : split(*text, '\n')) {
    if (line.compare(0, key.size() + 1, key + " ") != 0) continue;
    uint64_t value = 0;
    std::from_chars(line.data() + key.size() + 1, line.data() + line.size(), value);
    return value;
  }
  return 0;
}

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

bool wait_until(const std::function<bool()>& done) {
  using namespace std::chrono_literals;
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

}  // namespace kontain::krun::cgroup
