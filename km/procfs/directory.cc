#include "km/procfs/directory.h"

#include <cstdint>
#include <cstring>
#include <string_view>

#include "km/procfs/name.h"

namespace kontain::procfs {
namespace {

// Both formats begin with the inode and the offset (64 bits each) and the record's length (16 bits); the new one has
// the type before the name.
constexpr size_t kLengthOffset = 16;

size_t name_offset(DirentFormat format) { return format == DirentFormat::Old ? 18 : 19; }

struct Entry {
  size_t length;
  int number;  // -1: the name is no number
};

// The record at the start of `records`; length 0 when there is no whole one.
Entry entry_at(std::span<const std::byte> records, DirentFormat format) {
  const size_t name = name_offset(format);
  uint16_t length = 0;
  if (records.size() <= name) return {0, -1};
  std::memcpy(&length, records.data() + kLengthOffset, sizeof length);
  if (length <= name || length > records.size()) return {0, -1};
  const char* text = reinterpret_cast<const char*>(records.data()) + name;
  return {length, to_number(std::string_view(text, strnlen(text, length - name)))};
}

}  // namespace

bool any_numbered_entry(std::span<const std::byte> records, DirentFormat format, const std::function<bool(int)>& fn) {
  while (true) {
    const Entry entry = entry_at(records, format);
    if (entry.length == 0) return false;
    if (entry.number >= 0 && fn(entry.number)) return true;
    records = records.subspan(entry.length);
  }
}

size_t remove_numbered_entries(std::span<std::byte> records, DirentFormat format, const std::function<bool(int)>& fn) {
  size_t kept = 0;
  size_t position = 0;
  while (true) {
    const Entry entry = entry_at(records.subspan(position), format);
    if (entry.length == 0) return kept;
    if (entry.number < 0 || !fn(entry.number)) {
      std::memmove(records.data() + kept, records.data() + position, entry.length);
      kept += entry.length;
    }
    position += entry.length;
  }
}

}  // namespace kontain::procfs
