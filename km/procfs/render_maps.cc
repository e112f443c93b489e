#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>

#include "km/procfs/host_smaps.h"
#include "km/procfs/render.h"

namespace kontain::procfs {
namespace {

constexpr size_t kNameColumn = 72;  // show_vma_header_prefix: 25 + 6 * sizeof(void *) - 1

std::string header_line(uint64_t start, uint64_t end, std::string_view rights, uint64_t offset, unsigned major,
                        unsigned minor, uint64_t inode, std::string_view name) {
  std::array<char, 128> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%08" PRIx64 "-%08" PRIx64 " %.4s %08" PRIx64 " %02x:%02x %" PRIu64 " ",
                start, end, rights.data(), offset, major, minor, inode);
  std::string line = buffer.data();
  if (!name.empty()) {
    if (line.size() < kNameColumn) line.resize(kNameColumn, ' ');
    line += ' ';
    line += name;
  }
  return line + '\n';
}

std::string rights_of(const mem::MappingView& mapping) {
  std::string text = "---p";
  if (mapping.protection & PROT_READ) text[0] = 'r';
  if (mapping.protection & PROT_WRITE) text[1] = 'w';
  if (mapping.protection & PROT_EXEC) text[2] = 'x';
  if (mapping.shared) text[3] = 's';
  return text;
}

std::string line_of(const mem::MappingView& mapping) {
  return header_line(mapping.start, mapping.end, rights_of(mapping), mapping.offset, mapping.device_major,
                     mapping.device_minor, mapping.inode, mapping.name);
}

// What `part` bytes of a host mapping of `whole` bytes hold of its `value` kB.
uint64_t share_of(uint64_t value, uint64_t part, uint64_t whole) {
  return static_cast<uint64_t>(static_cast<unsigned __int128>(value) * part / whole);
}

SmapsSums sums_of(const mem::MappingView& mapping, const std::vector<HostMapping>& host) {
  SmapsSums sums{};
  auto entry = std::ranges::upper_bound(host, mapping.start, {}, &HostMapping::end);
  for (; entry != host.end() && entry->start < mapping.end; ++entry) {
    const uint64_t part = std::min(entry->end, mapping.end) - std::max(entry->start, mapping.start);
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += share_of(entry->sums[i], part, entry->end - entry->start);
  }
  // Never more than the mapping's size, whatever was mapped there between the two looks.
  for (uint64_t& sum : sums) sum = std::min(sum, (mapping.end - mapping.start) >> 10);
  return sums;
}

std::string sum_line(std::string_view field, uint64_t kilobytes) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%-16s%8" PRIu64 " kB\n", (std::string(field) + ":").c_str(), kilobytes);
  return buffer.data();
}

// The two-letter flags that follow from what is known of a mapping (proc(5), VmFlags).
std::string flags_line(const mem::MappingView& mapping) {
  std::string line = "VmFlags:";
  if (mapping.protection & PROT_READ) line += " rd";
  if (mapping.protection & PROT_WRITE) line += " wr";
  if (mapping.protection & PROT_EXEC) line += " ex";
  if (mapping.shared) line += " sh";
  line += " mr mw me";
  if (mapping.shared) line += " ms";
  if (mapping.name == "[stack]") line += " gd";
  if (mapping.inode == 0) line += " ac";
  if (mapping.dont_dump) line += " dd";
  return line + " \n";
}

}  // namespace

std::string render_maps(const Mappings& mappings) {
  std::string text;
  for (const mem::MappingView& mapping : mappings) text += line_of(mapping);
  return text;
}

std::string render_smaps(const Mappings& mappings, std::string_view host_smaps) {
  const std::vector<HostMapping> host = parse_host_smaps(host_smaps);
  std::string text;
  for (const mem::MappingView& mapping : mappings) {
    const SmapsSums sums = sums_of(mapping, host);
    text += line_of(mapping);
    text += sum_line("Size", (mapping.end - mapping.start) >> 10);
    text += sum_line("KernelPageSize", 4);
    text += sum_line("MMUPageSize", 4);
    for (size_t i = 0; i < sums.size(); ++i) text += sum_line(kSmapsSums[i], sums[i]);
    text += "THPeligible:           0\n";
    text += flags_line(mapping);
  }
  return text;
}

std::string render_smaps_rollup(const Mappings& mappings, std::string_view host_smaps) {
  if (mappings.empty()) return "";
  const std::vector<HostMapping> host = parse_host_smaps(host_smaps);
  SmapsSums total{};
  for (const mem::MappingView& mapping : mappings) {
    const SmapsSums sums = sums_of(mapping, host);
    for (size_t i = 0; i < total.size(); ++i) total[i] += sums[i];
  }
  std::string text = header_line(mappings.front().start, mappings.back().end, "---p", 0, 0, 0, 0, "[rollup]");
  for (size_t i = 0; i < total.size(); ++i) {
    text += sum_line(kSmapsSums[i], total[i]);
    if (i != kSmapsPssDirty) continue;
    const uint64_t anonymous = std::min(total[kSmapsPss], total[kSmapsAnonymous]);
    text += sum_line("Pss_Anon", anonymous);
    text += sum_line("Pss_File", std::min(total[kSmapsPss], total[kSmapsRss]) - anonymous);
    text += sum_line("Pss_Shmem", 0);
  }
  return text;
}

}  // namespace kontain::procfs
