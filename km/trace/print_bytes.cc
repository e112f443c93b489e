#include <sys/uio.h>

#include <algorithm>

#include "km/trace/printers.h"

namespace kontain::trace {
namespace {

constexpr size_t kPathLimit = 4096;
constexpr uint64_t kPageSize = 4096;

}  // namespace

std::optional<std::string> load_bytes(const Call& call, uint64_t address, uint64_t wanted) {
  // One more than is shown tells whether there was more.
  std::string text(std::min<uint64_t>(wanted, kShownBytes + 1), '\0');
  if (address == 0 || !call.memory.read(address, text.data(), text.size())) return std::nullopt;
  return text;
}

std::optional<CString> load_string(const Call& call, uint64_t address, size_t limit) {
  if (address == 0) return std::nullopt;
  CString string;
  while (string.text.size() < limit) {
    // Never across the end of a page: the next one may not be mapped.
    const uint64_t from = address + string.text.size();
    std::string piece(std::min<uint64_t>(kPageSize - from % kPageSize, limit - string.text.size()), '\0');
    if (!call.memory.read(from, piece.data(), piece.size())) return std::nullopt;
    const size_t end = piece.find('\0');
    string.text += piece.substr(0, end);
    if (end != std::string::npos) return string;
  }
  string.cut = true;
  return string;
}

std::string bytes_at(const Call& call, uint64_t address, uint64_t size) {
  const auto text = load_bytes(call, address, size);
  return text ? quoted_cut(*text) : pointer(address);
}

std::string path_at(const Call& call, uint64_t address) {
  const auto path = load_string(call, address, kPathLimit);
  if (!path) return pointer(address);
  return quoted(path->text) + (path->cut ? "..." : "");
}

namespace bytes {
namespace {

std::string short_string_at(const Call& call, uint64_t address) {
  const auto text = load_string(call, address, kShownBytes + 1);
  return text ? quoted_cut(text->text) : pointer(address);
}

uint64_t result_size(const Call& call) { return static_cast<uint64_t>(call.result.value_or(0)); }

}  // namespace

void path(std::string& out, const Call& call, size_t index) { out += path_at(call, call.args[index]); }

void string(std::string& out, const Call& call, size_t index) { out += short_string_at(call, call.args[index]); }

void in(std::string& out, const Call& call, size_t index) {
  out += bytes_at(call, call.args[index], call.args[index + 1]);
}

void value_in(std::string& out, const Call& call, size_t index) { in(out, call, index); }

void out(std::string& text, const Call& call, size_t index) {
  const uint64_t address = call.args[index];
  // A size of 0 asks for the length: nothing was written.
  const bool asked_length = index + 1 < call.args.size() && call.args[index + 1] == 0 && result_size(call) != 0;
  text += call.failed() || asked_length ? pointer(address) : bytes_at(call, address, result_size(call));
}

void random_out(std::string& text, const Call& call, size_t index) {
  const auto data = call.failed() ? std::nullopt : load_bytes(call, call.args[index], result_size(call));
  if (!data) {
    text += pointer(call.args[index]);
    return;
  }
  text += quoted_hex(data->substr(0, kShownBytes));
  if (data->size() > kShownBytes) text += "...";
}

void path_out(std::string& text, const Call& call, size_t index) {
  text += call.failed() ? pointer(call.args[index]) : path_at(call, call.args[index]);
}

void string_vector(std::string& out, const Call& call, size_t index) {
  const uint64_t address = call.args[index];
  if (!load<uint64_t>(call, address)) {
    out += pointer(address);
    return;
  }
  std::string items;
  for (uint64_t i = 0;; ++i) {
    const auto element = load<uint64_t>(call, address + i * sizeof(uint64_t));
    if (element && *element == 0) break;
    append_item(items, !element || i == kShownElements ? "..." : short_string_at(call, *element));
    if (!element || i == kShownElements) break;
  }
  out += "[" + items + "]";
}

void environment(std::string& out, const Call& call, size_t index) {
  const uint64_t address = call.args[index];
  out += pointer(address);
  if (!load<uint64_t>(call, address)) return;
  uint64_t count = 0;
  while (load<uint64_t>(call, address + count * sizeof(uint64_t)).value_or(0) != 0) ++count;
  out += " /* " + unsigned_decimal(count) + (count == 1 ? " var */" : " vars */");
}

std::string iovecs(const Call& call, uint64_t address, uint64_t count, uint64_t data_limit) {
  uint64_t left = data_limit;
  return array_at<iovec>(call, address, count, [&](const iovec& piece) {
    const auto base = reinterpret_cast<uint64_t>(piece.iov_base);  // SAFETY: a number of the payload, not followed
    const uint64_t size = std::min<uint64_t>(piece.iov_len, left);
    left -= size;
    return "{iov_base=" + bytes_at(call, base, size) + ", iov_len=" + unsigned_decimal(piece.iov_len) + "}";
  });
}

void iovec_in(std::string& out, const Call& call, size_t index) {
  out += iovecs(call, call.args[index], call.args[index + 1], UINT64_MAX);
}

void iovec_out(std::string& out, const Call& call, size_t index) {
  if (call.failed()) {
    out += array_at<iovec>(call, call.args[index], call.args[index + 1], [](const iovec& piece) {
      const auto base = reinterpret_cast<uint64_t>(piece.iov_base);  // SAFETY: a number of the payload, not followed
      return "{iov_base=" + pointer(base) + ", iov_len=" + unsigned_decimal(piece.iov_len) + "}";
    });
    return;
  }
  out += iovecs(call, call.args[index], call.args[index + 1], result_size(call));
}

}  // namespace bytes
}  // namespace kontain::trace
