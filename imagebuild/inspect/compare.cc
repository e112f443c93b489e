#include "imagebuild/inspect/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "imagebuild/layer/compress.h"
#include "imagebuild/oci/json.h"
#include "imagebuild/tar/reader.h"

namespace kontain::image {
namespace {

// The fields of an entry as text: one table for every comparison.
struct Field {
  std::string_view name;
  std::string (*text)(const Entry&);
};

std::string xattrs_text(const Entry& entry) {
  std::string text;
  for (const auto& [name, value] : entry.xattrs) text += name + "=" + escape_control(value) + " ";
  return text;
}

constexpr std::array kFields = {
    Field{"type", [](const Entry& e) { return std::string(entry_type_name(e.type)); }},
    Field{"mode", [](const Entry& e) { return fmt::format("{:04o}", e.mode); }},
    Field{"uid", [](const Entry& e) { return std::to_string(e.uid); }},
    Field{"gid", [](const Entry& e) { return std::to_string(e.gid); }},
    Field{"mtime", [](const Entry& e) { return std::to_string(e.mtime); }},
    Field{"size", [](const Entry& e) { return std::to_string(e.size); }},
    Field{"link", [](const Entry& e) { return e.link_target; }},
    Field{"device", [](const Entry& e) { return fmt::format("{}:{}", e.device_major, e.device_minor); }},
    Field{"xattrs", xattrs_text},
};

// A layer of an image, entry by entry.
class LayerReader {
 public:
  static Result<std::unique_ptr<LayerReader>> open(const Store& store, const Descriptor& layer) {
    TRY_ASSIGN(UniqueFd fd, store.open_blob(layer));
    auto made = std::make_unique<LayerReader>();
    made->file_ = std::make_unique<FdSource>(std::move(fd), layer.digest.text());
    TRY_ASSIGN(made->plain_, make_decompressor(*made->file_));
    TRY_ASSIGN(TarReader tar, TarReader::create(*made->plain_));
    made->tar_ = std::make_unique<TarReader>(std::move(tar));
    return made;
  }
  TarReader& tar() { return *tar_; }

 private:
  std::unique_ptr<FdSource> file_;
  std::unique_ptr<Source> plain_;
  std::unique_ptr<TarReader> tar_;
};

// Fills `buffer` unless the end comes first.
Result<size_t> read_full(Source& source, std::span<char> buffer) {
  size_t total = 0;
  while (total < buffer.size()) {
    TRY_ASSIGN(const size_t count, source.read(buffer.subspan(total)));
    if (count == 0) break;
    total += count;
  }
  return total;
}

// "byte 17: 0x41 is 0x42", or "".
Result<std::string> content_difference(Source& left, Source& right) {
  std::vector<char> a(size_t{64} << 10), b(size_t{64} << 10);
  for (uint64_t offset = 0;;) {
    TRY_ASSIGN(const size_t left_size, read_full(left, a));
    TRY_ASSIGN(const size_t right_size, read_full(right, b));
    const size_t common = std::min(left_size, right_size);
    const size_t at = std::mismatch(a.begin(), a.begin() + static_cast<ptrdiff_t>(common), b.begin()).first - a.begin();
    if (at < common) {
      return fmt::format("content: byte {}: {:#04x} is {:#04x}", offset + at, static_cast<unsigned char>(a[at]),
                         static_cast<unsigned char>(b[at]));
    }
    if (left_size != right_size) return fmt::format("content: the length differs at byte {}", offset + common);
    if (common == 0) return "";
    offset += common;
  }
}

Result<std::string> entry_difference(const Entry& left, const Entry& right, Source& left_content,
                                     Source& right_content) {
  if (left.path != right.path) return fmt::format("{}: is {}", left.path, right.path);
  for (const Field& field : kFields) {
    const std::string a = field.text(left), b = field.text(right);
    if (a != b) return fmt::format("{}: {}: {} is {}", left.path, field.name, a, b);
  }
  TRY_ASSIGN(const std::string content, content_difference(left_content, right_content));
  return content.empty() ? "" : left.path + ": " + content;
}

Result<std::string> layer_difference(const Store& store, const Descriptor& left, const Descriptor& right) {
  TRY_ASSIGN(const std::unique_ptr<LayerReader> a, LayerReader::open(store, left));
  TRY_ASSIGN(const std::unique_ptr<LayerReader> b, LayerReader::open(store, right));
  for (;;) {
    TRY_ASSIGN(const std::optional<Entry> left_entry, a->tar().next());
    TRY_ASSIGN(const std::optional<Entry> right_entry, b->tar().next());
    if (!left_entry && !right_entry) return std::string("the same files, packed differently");
    if (!left_entry) return right_entry->path + ": is new";
    if (!right_entry) return left_entry->path + ": is missing";
    TRY_ASSIGN(std::string found, entry_difference(*left_entry, *right_entry, a->tar().content(), b->tar().content()));
    if (!found.empty()) return found;
  }
}

// The first operation that makes one document the other (RFC 6902).
std::string document_difference(const std::string& left, const std::string& right) {
  const auto a = parse_json(left, ""), b = parse_json(right, "");
  if (!a || !b) return "not readable";
  const nlohmann::json changes = nlohmann::json::diff(*a, *b);
  if (changes.empty()) return "the same values in another spelling";
  const std::string path = changes[0].value("path", "");
  const nlohmann::json::json_pointer pointer(path);
  const std::string before = a->contains(pointer) ? canonical_json(a->at(pointer)) : "missing";
  const std::string after = b->contains(pointer) ? canonical_json(b->at(pointer)) : "missing";
  return path + ": " + before + " is " + after;
}

}  // namespace

Result<std::string> first_difference(const Store& store, const Descriptor& left, const Descriptor& right) {
  if (left.digest == right.digest) return std::string();
  TRY_ASSIGN(const Manifest a, store.manifest(left));
  TRY_ASSIGN(const Manifest b, store.manifest(right));
  for (size_t i = 0; i < std::min(a.layers.size(), b.layers.size()); ++i) {
    if (a.layers[i].digest == b.layers[i].digest) continue;
    TRY_ASSIGN(const std::string found, layer_difference(store, a.layers[i], b.layers[i]));
    return fmt::format("layer {}: {}", i + 1, found);
  }
  if (a.layers.size() != b.layers.size()) return fmt::format("{} layers are {}", a.layers.size(), b.layers.size());
  if (a.config.digest != b.config.digest) {
    TRY_ASSIGN(const std::string left_text, store.read_blob(a.config));
    TRY_ASSIGN(const std::string right_text, store.read_blob(b.config));
    return "config: " + document_difference(left_text, right_text);
  }
  TRY_ASSIGN(const std::string left_text, store.read_blob(left));
  TRY_ASSIGN(const std::string right_text, store.read_blob(right));
  return "manifest: " + document_difference(left_text, right_text);
}

std::vector<Change> compare_trees(const FileTree& left, const FileTree& right) {
  std::vector<Change> changes;
  for (const auto& [path, file] : left) {
    const auto other = right.find(path);
    if (other == right.end()) {
      changes.push_back({ChangeKind::Deleted, path, {}});
      continue;
    }
    Change change{ChangeKind::Changed, path, {}};
    for (const Field& field : kFields) {
      const std::string a = field.text(file.entry), b = field.text(other->second.entry);
      if (a != b) change.fields.push_back(fmt::format("{} {} {}", field.name, a, b));
    }
    if (file.sha256 != other->second.sha256) change.fields.emplace_back("content");
    if (!change.fields.empty()) changes.push_back(std::move(change));
  }
  for (const auto& [path, file] : right) {
    if (!left.contains(path)) changes.push_back({ChangeKind::Added, path, {}});
  }
  std::ranges::sort(changes, {}, &Change::path);
  return changes;
}

}  // namespace kontain::image
