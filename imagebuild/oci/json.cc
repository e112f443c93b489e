#include "imagebuild/oci/json.h"

#include <set>

namespace kontain::image {
namespace {

// Watches a parse: nlohmann::json keeps the last of equal keys and any depth, a strict reader neither.
class Strictness {
 public:
  // A parser_callback_t; keeps everything.
  bool see(int depth, nlohmann::json::parse_event_t event, const nlohmann::json& parsed) {
    using Event = nlohmann::json::parse_event_t;
    if (depth > kDeepestDocument) problem_ = "nested too deeply";
    if (event == Event::object_start) keys_.emplace_back();
    if (event == Event::object_end && !keys_.empty()) keys_.pop_back();
    if (event == Event::key && !keys_.back().insert(parsed.get<std::string>()).second) {
      problem_ = "the key \"" + parsed.get<std::string>() + "\" appears twice";
    }
    return true;
  }
  const std::string& problem() const { return problem_; }

 private:
  std::vector<std::set<std::string>> keys_;
  std::string problem_;
};

}  // namespace

Result<nlohmann::json> parse_json(std::string_view text, std::string_view document) {
  if (text.size() > kLargestDocument) return kontain::fail(document, "", "larger than 4 MiB");
  Strictness strictness;
  nlohmann::json value;
  try {
    value = nlohmann::json::parse(text, [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
      return strictness.see(depth, event, parsed);
    });
  } catch (const nlohmann::json::exception& e) {
    return kontain::fail(document, "not valid JSON", e.what());
  }
  if (!strictness.problem().empty()) return kontain::fail(document, "", strictness.problem());
  if (!value.is_object()) return kontain::fail(document, "", "an object is expected");
  return value;
}

std::string canonical_json(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void JsonReader::fail(std::string_view reason) const {
  if (state_->status) state_->status = kontain::fail(state_->document, place_, reason);
}

JsonReader JsonReader::operator[](const char* key) const {
  const std::string place = place_.empty() ? key : place_ + "." + key;
  if (!is_object()) return {*state_, nullptr, place};
  const auto found = value_->find(key);
  return {*state_, found == value_->end() || found->is_null() ? nullptr : &*found, place};
}

bool JsonReader::is_object() const {
  if (!value_) return false;
  if (!value_->is_object()) fail("an object is expected");
  return value_->is_object();
}

void JsonReader::for_each(const std::function<void(const JsonReader&)>& visit) const {
  if (!value_) return;
  if (!value_->is_array()) return fail("an array is expected");
  size_t i = 0;
  for (const auto& element : *value_) visit({*state_, &element, place_ + "[" + std::to_string(i++) + "]"});
}

void JsonReader::for_each_member(const std::function<void(const std::string&, const JsonReader&)>& visit) const {
  if (!is_object()) return;
  for (const auto& [key, member] : value_->items()) visit(key, {*state_, &member, place_ + "." + key});
}

std::string JsonReader::text() const {
  if (!value_) return "";
  if (!value_->is_string()) {
    fail("a string is expected");
    return "";
  }
  const auto& text = value_->get_ref<const std::string&>();
  if (text.find('\0') == std::string::npos) return text;
  fail("the string has a NUL");
  return "";
}

std::string JsonReader::required_text() const {
  if (!value_) fail("is missing");
  return text();
}

int64_t JsonReader::number() const {
  if (!value_) return 0;
  const bool fits =
      value_->is_number_integer() && (!value_->is_number_unsigned() || value_->get<uint64_t>() <= INT64_MAX);
  if (!fits) {
    fail("a whole number is expected");
    return 0;
  }
  return value_->get<int64_t>();
}

uint64_t JsonReader::required_size() const {
  if (!value_) fail("is missing");
  const int64_t size = number();
  if (size < 0) fail("a size is not negative");
  return size < 0 ? 0 : static_cast<uint64_t>(size);
}

bool JsonReader::boolean() const {
  if (!value_) return false;
  if (!value_->is_boolean()) {
    fail("true or false is expected");
    return false;
  }
  return value_->get<bool>();
}

std::vector<std::string> JsonReader::texts() const {
  std::vector<std::string> all;
  for_each([&](const JsonReader& element) { all.push_back(element.text()); });
  return all;
}

std::map<std::string, std::string> JsonReader::text_map() const {
  std::map<std::string, std::string> all;
  for_each_member([&](const std::string& key, const JsonReader& member) { all[key] = member.text(); });
  return all;
}

std::vector<std::string> JsonReader::keys() const {
  std::vector<std::string> all;
  for_each_member([&](const std::string& key, const JsonReader&) { all.push_back(key); });
  return all;
}

}  // namespace kontain::image
