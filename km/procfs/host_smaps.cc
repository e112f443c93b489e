#include "km/procfs/host_smaps.h"

#include <algorithm>
#include <charconv>

namespace kontain::procfs {
namespace {

std::string_view next_line(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

// "START-END ..." of an entry's first line.
bool parse_range(std::string_view line, HostMapping& mapping) {
  const char* end = line.data() + line.size();
  const auto first = std::from_chars(line.data(), end, mapping.start, 16);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return false;
  const auto second = std::from_chars(first.ptr + 1, end, mapping.end, 16);
  return second.ec == std::errc() && second.ptr != end && *second.ptr == ' ';
}

// "Rss:     12 kB".
void parse_sum(std::string_view line, SmapsSums& sums) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const auto* field = std::ranges::find(kSmapsSums, line.substr(0, colon));
  const auto index = static_cast<size_t>(field - kSmapsSums.begin());
  if (index >= kSmapsSums.size()) return;
  const size_t digit = line.find_first_of("0123456789", colon);
  if (digit != std::string_view::npos) std::from_chars(line.data() + digit, line.data() + line.size(), sums[index]);
}

}  // namespace

std::vector<HostMapping> parse_host_smaps(std::string_view text) {
  std::vector<HostMapping> mappings;
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    HostMapping mapping;
    if (parse_range(line, mapping)) {
      mappings.push_back(mapping);
    } else if (!mappings.empty()) {
      parse_sum(line, mappings.back().sums);
    }
  }
  return mappings;
}

}  // namespace kontain::procfs
