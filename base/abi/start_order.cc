#include "base/abi/start_order.h"

#include <array>
#include <charconv>
#include <cstring>

namespace kontain::abi {
namespace {

constexpr std::string_view kMagic = "Kontain start 1\n";
constexpr int kHighestDescriptor = 1 << 20;

// The file is a list of records, each a key of one letter, the length of the value (eight bytes, little-endian) and the
// value. Lists are repeated records.
enum Key : char {
  kKvm = 'k',
  kSelf = 's',
  kRegistry = 'r',
  kStarter = 'w',
  kProgram = 'p',
  kArgument = 'a',
  kVariable = 'e',
  kAnnotation = 'n',
  kFilter = 'f',
  kFilterFlags = 'g',
};

void put(std::string& out, char key, std::string_view value) {
  const uint64_t size = value.size();
  out += key;
  out.append(reinterpret_cast<const char*>(&size), sizeof size);
  out += value;
}

void put_number(std::string& out, char key, uint64_t value) { put(out, key, std::to_string(value)); }

template <class Number>
bool take_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

bool take_descriptor(std::string_view text, int& number) {
  return take_number(text, number) && number >= 0 && number < kHighestDescriptor;
}

bool has_no_nul(std::string_view text) { return text.find('\0') == std::string_view::npos; }

bool take_text(std::string_view value, std::string& text) {
  text = value;
  return has_no_nul(value);
}

bool take_item(std::string_view value, std::vector<std::string>& list) {
  list.emplace_back(value);
  return has_no_nul(value);
}

bool take_annotation(std::string_view value, StartOrder& order) {
  const size_t equals = value.find('=');
  if (equals == std::string_view::npos || !has_no_nul(value)) return false;
  order.annotations.emplace_back(value.substr(0, equals), value.substr(equals + 1));
  return true;
}

bool take_filter(std::string_view value, StartOrder& order) {
  order.seccomp_filters.emplace_back(value);
  return !value.empty() && value.size() % 8 == 0;
}

bool take(char key, std::string_view value, StartOrder& order) {
  switch (key) {
    case kKvm: return take_descriptor(value, order.kvm_fd);
    case kSelf: return take_descriptor(value, order.self_fd);
    case kRegistry: return take_descriptor(value, order.registry_fd);
    case kStarter: return take_descriptor(value, order.starter_fd);
    case kProgram: return take_text(value, order.program);
    case kArgument: return take_item(value, order.arguments);
    case kVariable: return take_item(value, order.environment);
    case kAnnotation: return take_annotation(value, order);
    case kFilter: return take_filter(value, order);
    case kFilterFlags: return take_number(value, order.seccomp_flags);
    default: return false;
  }
}

}  // namespace

std::string encode_start_order(const StartOrder& order) {
  std::string out(kMagic);
  if (order.kvm_fd >= 0) put_number(out, kKvm, static_cast<uint64_t>(order.kvm_fd));
  if (order.self_fd >= 0) put_number(out, kSelf, static_cast<uint64_t>(order.self_fd));
  if (order.registry_fd >= 0) put_number(out, kRegistry, static_cast<uint64_t>(order.registry_fd));
  if (order.starter_fd >= 0) put_number(out, kStarter, static_cast<uint64_t>(order.starter_fd));
  put(out, kProgram, order.program);
  for (const std::string& argument : order.arguments) put(out, kArgument, argument);
  for (const std::string& variable : order.environment) put(out, kVariable, variable);
  for (const auto& [name, value] : order.annotations) put(out, kAnnotation, name + "=" + value);
  for (const std::string& filter : order.seccomp_filters) put(out, kFilter, filter);
  if (order.seccomp_flags != 0) put_number(out, kFilterFlags, order.seccomp_flags);
  return out;
}

std::optional<StartOrder> decode_start_order(std::string_view bytes) {
  if (bytes.substr(0, kMagic.size()) != kMagic) return std::nullopt;
  bytes.remove_prefix(kMagic.size());
  StartOrder order;
  while (!bytes.empty()) {
    uint64_t size = 0;
    constexpr size_t kHead = 1 + sizeof size;
    if (bytes.size() < kHead) return std::nullopt;
    std::memcpy(&size, bytes.data() + 1, sizeof size);
    if (bytes.size() - kHead < size) return std::nullopt;
    if (!take(bytes[0], bytes.substr(kHead, size), order)) return std::nullopt;
    bytes.remove_prefix(kHead + size);
  }
  return order;
}

}  // namespace kontain::abi
