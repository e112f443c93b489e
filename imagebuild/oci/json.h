// Strict reading of JSON that strangers wrote: bounded size and depth, no duplicate keys, valid UTF-8, every type
// checked and every failure named by its place: "manifest: layers[2].digest: …".
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace kontain::image {

// Manifests and configurations above this are refused (4 MiB: what registries accept, distribution-spec 1.1,
// "Pushing Manifests").
inline constexpr size_t kLargestDocument = size_t{4} << 20;
inline constexpr int kDeepestDocument = 32;

// Parses one document of at most kLargestDocument bytes. `document` names it in errors.
Result<nlohmann::json> parse_json(std::string_view text, std::string_view document);

// The canonical text of a document: keys in order, no spaces; equal values have equal bytes.
std::string canonical_json(const nlohmann::json& value);

// A value of a document with its place. Absent and null are the same. After the first failure of a document all reads
// give defaults; whoever began asks `status` at the end.
class JsonReader {
 public:
  struct State {
    std::string document;
    tl::expected<void, Error> status;
  };
  JsonReader(State& state, const nlohmann::json* value, std::string place = "")
      : state_(&state), value_(value), place_(std::move(place)) {}

  bool present() const { return value_ != nullptr; }
  const nlohmann::json* value() const { return value_; }

  JsonReader operator[](const char* key) const;
  void for_each(const std::function<void(const JsonReader&)>& visit) const;
  void for_each_member(const std::function<void(const std::string&, const JsonReader&)>& visit) const;

  // "" when absent. Never holds a NUL.
  std::string text() const;
  // The same, but absence is a failure.
  std::string required_text() const;
  int64_t number() const;
  // 0 … 2^63-1; absence is a failure.
  uint64_t required_size() const;
  bool boolean() const;
  std::vector<std::string> texts() const;
  std::map<std::string, std::string> text_map() const;
  // The keys of an object whose values do not matter (ExposedPorts, Volumes).
  std::vector<std::string> keys() const;
  // An object, or absent; anything else is a failure.
  bool is_object() const;

  void fail(std::string_view reason) const;

 private:
  State* state_;
  const nlohmann::json* value_;
  std::string place_;
};

}  // namespace kontain::image
