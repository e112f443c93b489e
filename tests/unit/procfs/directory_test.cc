#include "km/procfs/directory.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace kontain::procfs {
namespace {

// The records of getdents(2) for `names`.
std::vector<std::byte> records_of(const std::vector<std::string>& names, DirentFormat format) {
  const size_t name_at = format == DirentFormat::Old ? 18 : 19;
  std::vector<std::byte> records;
  for (const std::string& name : names) {
    const size_t start = records.size();
    const auto length = static_cast<uint16_t>((name_at + name.size() + 2 + 7) / 8 * 8);
    records.resize(start + length);
    std::memcpy(records.data() + start + 16, &length, sizeof length);
    std::memcpy(records.data() + start + name_at, name.data(), name.size());
  }
  return records;
}

TEST_CASE("hidden entries are taken out, the others keep their bytes") {
  for (const DirentFormat format : {DirentFormat::Old, DirentFormat::New}) {
    auto records = records_of({".", "..", "0", "240", "241", "3", "240x"}, format);
    const auto wanted = records_of({".", "..", "0", "3", "240x"}, format);
    const size_t left = remove_numbered_entries(records, format, [](int number) { return number >= 240; });
    records.resize(left);
    CHECK(records == wanted);
  }
}

TEST_CASE("everything may be hidden, and nothing") {
  auto records = records_of({"1", "2"}, DirentFormat::New);
  const size_t size = records.size();
  CHECK(remove_numbered_entries(records, DirentFormat::New, [](int) { return false; }) == size);
  CHECK(remove_numbered_entries(records, DirentFormat::New, [](int) { return true; }) == 0);
}

TEST_CASE("numbers among the names are found") {
  const auto all = [](int) { return true; };
  CHECK(any_numbered_entry(records_of({"a", "7"}, DirentFormat::New), DirentFormat::New, all));
  CHECK_FALSE(any_numbered_entry(records_of({"a", "b7"}, DirentFormat::New), DirentFormat::New, all));
  CHECK_FALSE(any_numbered_entry({}, DirentFormat::New, all));
}

TEST_CASE("records that are cut off end the list") {
  auto records = records_of({"1", "2"}, DirentFormat::New);
  records.resize(records.size() - 3);
  int seen = 0;
  any_numbered_entry(records, DirentFormat::New, [&](int) {
    ++seen;
    return false;
  });
  CHECK(seen == 1);
  const uint16_t zero = 0;
  std::memcpy(records.data() + 16, &zero, sizeof zero);
  CHECK(remove_numbered_entries(records, DirentFormat::New, [](int) { return false; }) == 0);
}

}  // namespace
}  // namespace kontain::procfs
