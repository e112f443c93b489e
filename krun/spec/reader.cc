#include "krun/spec/reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/unique_fd.h"

namespace kontain::krun::spec {
namespace {

std::string joined(const std::string& place, const std::string& key) { return place.empty() ? key : place + "." + key; }

}  // namespace

void Reader::fail(const std::string& reason) const {
  if (!state_->error) state_->error = Error{state_->document, place_, reason, 0};
}

bool Reader::has_type(bool is, const char* wanted) const {
  if (!is) fail(std::string("must be ") + wanted);
  return is;
}

bool Reader::is_set() const {
  if (!value_) return false;
  if (value_->is_number()) return *value_ != 0;
  if (value_->is_boolean()) return value_->get<bool>();
  if (value_->is_string()) return !value_->get_ref<const std::string&>().empty();
  return !value_->empty();
}

Reader Reader::operator[](const char* key) const {
  std::string place = joined(place_, key);
  state_->places.insert(place);
  if (!value_ || !has_type(value_->is_object(), "an object")) return Reader(*state_, nullptr, std::move(place));
  const auto found = value_->find(key);
  const bool present = found != value_->end() && !found->is_null();
  return Reader(*state_, present ? &*found : nullptr, std::move(place));
}

void Reader::for_each(const std::function<void(const Reader&)>& visit) const {
  if (!value_ || !has_type(value_->is_array(), "an array")) return;
  for (const nlohmann::json& element : *value_) visit(Reader(*state_, &element, place_ + "[]"));
}

void Reader::for_each_member(const std::function<void(const std::string&, const Reader&)>& visit) const {
  if (!value_ || !has_type(value_->is_object(), "an object")) return;
  for (const auto& [key, member] : value_->items()) visit(key, Reader(*state_, &member, joined(place_, key)));
}

std::string Reader::text() const {
  if (!value_ || !has_type(value_->is_string(), "a string")) return {};
  const auto& text = value_->get_ref<const std::string&>();
  if (text.find('\0') == std::string::npos) return text;
  fail("holds a NUL character");
  return {};
}

std::string Reader::required_text() const {
  std::string value = text();
  if (value.empty()) fail("is missing");
  return value;
}

bool Reader::boolean() const {
  return value_ && has_type(value_->is_boolean(), "true or false") && value_->get<bool>();
}

std::vector<std::string> Reader::texts() const {
  std::vector<std::string> list;
  for_each([&](const Reader& element) { list.push_back(element.text()); });
  return list;
}

std::optional<__int128> Reader::wide_number() const {
  if (!value_) return std::nullopt;
  if (value_->is_number_unsigned()) return static_cast<__int128>(value_->get<uint64_t>());
  if (value_->is_number_integer()) return static_cast<__int128>(value_->get<int64_t>());
  fail("must be a whole number");
  return std::nullopt;
}

Result<nlohmann::json> parse_json(const std::string& text, const std::string& document) {
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    return kontain::fail(document, "byte " + std::to_string(error.byte), "no valid JSON");
  } catch (const nlohmann::json::exception& error) {
    return kontain::fail(document, "", error.what());
  }
}

Result<std::string> read_file(const std::string& path, size_t limit) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat info;
  if (!fd || fstat(fd.get(), &info) != 0) return fail_errno("open", path, errno);
  if (S_ISDIR(info.st_mode)) return fail_errno("read", path, EISDIR);
  return read_all(fd.get(), path, limit);
}

Result<std::string> read_all(int fd, const std::string& name, size_t limit) {
  std::string text;
  char buffer[16384];
  for (;;) {
    const ssize_t count = read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("read", name, errno);
    if (count == 0) return text;
    text.append(buffer, static_cast<size_t>(count));
    if (text.size() > limit) return kontain::fail(name, "", "larger than " + std::to_string(limit) + " bytes");
  }
}

}  // namespace kontain::krun::spec
