#include "km/run/core_memory.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/checked.h"
#include "base/procfs.h"
#include "km/mem/copy.h"
#include "km/mem/mapping_view.h"

namespace kontain::run {
namespace {

bool is_device(const std::string& path) {
  struct stat file = {};
  return stat(path.c_str(), &file) == 0 && !S_ISREG(file.st_mode);
}

core::Backing backing_of(const mem::MappingView& view) {
  if (!view.name.starts_with('/')) return view.shared ? core::Backing::UnlinkedFile : core::Backing::Anonymous;
  if (view.name.ends_with(" (deleted)")) return core::Backing::UnlinkedFile;
  return is_device(view.name) ? core::Backing::Device : core::Backing::File;
}

using HostMappings = std::vector<procfs::HostMapping>;

// Anonymous ones, in memory or swapped out: of a private mapping that was written.
bool has_own_pages(const HostMappings& host, uint64_t start, uint64_t end) {
  auto at = std::ranges::upper_bound(host, start, {}, &procfs::HostMapping::end);
  for (; at != host.end() && at->start < end; ++at) {
    if (at->sums[procfs::kSmapsAnonymous] != 0 || at->sums[procfs::kSmapsSwap] != 0) return true;
  }
  return false;
}

core::CoreMapping mapping_of(const mem::MappingView& view, const HostMappings& host) {
  core::CoreMapping mapping;
  mapping.start = view.start;
  mapping.end = view.end;
  mapping.protection = view.protection;
  mapping.shared = view.shared;
  mapping.dont_dump = view.dont_dump;
  mapping.backing = backing_of(view);
  mapping.written = !view.shared && !view.replaced && has_own_pages(host, view.start, view.end);
  mapping.file_offset = view.offset;
  if (view.name.starts_with('/')) mapping.file_name = view.name;
  return mapping;
}

// Files of a process that is not dumpable belong to root. For the moment of opening them this one is: nobody who could
// use that has more to gain than the core that is about to be written.
UniqueFd open_own(const char* name) {
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  UniqueFd file = open_procfs(name);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  return file;
}

}  // namespace

std::vector<core::CoreMapping> core_mappings(task::Task& task, const std::vector<procfs::HostMapping>& host) {
  std::vector<core::CoreMapping> mappings;
  task.memory().for_each_mapping([&](const mem::MappingView& view) { mappings.push_back(mapping_of(view, host)); });
  const task::ProgramImage& image = task.process().image;
  if (image.vdso_end > image.vdso_start) {
    core::CoreMapping vdso;
    vdso.start = image.vdso_start;
    vdso.end = image.vdso_end;
    vdso.protection = PROT_READ | PROT_EXEC;
    vdso.backing = core::Backing::Vdso;
    mappings.push_back(vdso);
  }
  std::ranges::sort(mappings, {}, &core::CoreMapping::start);
  return mappings;
}

ProcessMemory::ProcessMemory(const task::ProgramImage& image, const std::vector<core::CoreMapping>& mappings)
    : vdso_start_(image.vdso_start),
      vdso_end_(image.vdso_end),
      mappings_(mappings),
      memory_(open_own("self/mem")),
      page_map_(open_own("self/pagemap")) {}

bool ProcessMemory::read(uint64_t address, void* to, size_t size) {
  if (address >= vdso_start_ && address + size <= vdso_end_) {
    // The payload sees our own, at another address.
    std::memcpy(to, reinterpret_cast<const char*>(getauxval(AT_SYSINFO_EHDR)) + (address - vdso_start_), size);
    return true;
  }
  if (!memory_) return mem::copy_in(to, address, size);
  return mem::in_guest(address, size) &&
         pread(memory_.get(), to, size, static_cast<off_t>(address)) == static_cast<ssize_t>(size);
}

bool ProcessMemory::is_private_memory(uint64_t address) const {
  const auto found = std::ranges::upper_bound(mappings_, address, {}, &core::CoreMapping::end);
  return found != mappings_.end() && found->start <= address && found->backing == core::Backing::Anonymous;
}

uint64_t ProcessMemory::next_populated(uint64_t address, uint64_t end) {
  constexpr uint64_t kPresentOrSwapped = uint64_t{3} << 62;  // Documentation/admin-guide/mm/pagemap.rst
  if (!page_map_ || !is_private_memory(address)) return address;
  std::array<uint64_t, 4096> entries;
  while (address < end) {
    const size_t count = std::min<uint64_t>(entries.size(), (end - address) / kPageSize);
    const auto at = static_cast<off_t>(address / kPageSize * sizeof entries[0]);
    const ssize_t got = pread(page_map_.get(), entries.data(), count * sizeof entries[0], at);
    if (got <= 0) return address;
    for (size_t i = 0; i < static_cast<size_t>(got) / sizeof entries[0]; ++i, address += kPageSize) {
      if (entries[i] & kPresentOrSwapped) return address;
    }
  }
  return end;
}

}  // namespace kontain::run
