// Reading JSON values with their place in the document, so that an error names it: "config.json: process.cwd: ...".
#pragma once

#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"

namespace kontain::krun::spec {

// What is shared by all readers of one document: the first failure, and the places that were asked for.
struct ReadState {
  std::string document;
  std::optional<Error> error;
  std::set<std::string> places;  // "linux.resources.cpu.shares"; elements of arrays are "[]"
};

// A value of the document, or the absence of one. Absent and null are the same. After a failure all reads give
// defaults; whoever began looks at the state at the end.
class Reader {
 public:
  Reader(ReadState& state, const nlohmann::json* value, std::string place)
      : state_(&state), value_(value), place_(std::move(place)) {}

  bool is_present() const { return value_ != nullptr; }
  // Present and not "", 0, false, [] or {}.
  bool is_set() const;
  const nlohmann::json* value() const { return value_; }
  const std::string& place() const { return place_; }

  // The member `key` of an object.
  Reader operator[](const char* key) const;
  // Calls `visit` for each element of an array, which may be absent.
  void for_each(const std::function<void(const Reader&)>& visit) const;
  // The same for the members of an object: their keys are the user's.
  void for_each_member(const std::function<void(const std::string&, const Reader&)>& visit) const;

  std::string text() const;
  std::string required_text() const;
  bool boolean() const;
  std::vector<std::string> texts() const;

  // A whole number in the range of T.
  template <class T>
  std::optional<T> number() const {
    const auto value = wide_number();
    if (!value) return std::nullopt;
    const auto low = static_cast<__int128>(std::numeric_limits<T>::min());
    const auto high = static_cast<__int128>(std::numeric_limits<T>::max());
    if (*value < low || *value > high) {
      fail("the number is out of range");
      return std::nullopt;
    }
    return static_cast<T>(*value);
  }
  template <class T>
  T number_or(T otherwise) const {
    return number<T>().value_or(otherwise);
  }
  template <class T>
  T required_number() const {
    if (!is_present()) fail("is missing");
    return number_or<T>(0);
  }

  void fail(const std::string& reason) const;

 private:
  std::optional<__int128> wide_number() const;
  bool has_type(bool is, const char* wanted) const;

  ReadState* state_;
  const nlohmann::json* value_;
  std::string place_;
};

// The document `text` as a value. Fails with the position of what is no JSON.
Result<nlohmann::json> parse_json(const std::string& text, const std::string& document);

// The whole of an open file, and of one by its name; at most `limit` bytes.
Result<std::string> read_all(int fd, const std::string& name, size_t limit);
Result<std::string> read_file(const std::string& path, size_t limit);

}  // namespace kontain::krun::spec
