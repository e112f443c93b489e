#include "km/vcpu/vdso.h"

#include <cpuid.h>
#include <elf.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "base/checked.h"
#include "base/procfs.h"

namespace kontain::vcpu {
namespace {

std::string read_maps() {
  const UniqueFd fd = open_procfs("self/maps");
  std::string text;
  char buffer[8192];
  ssize_t count = 0;
  while (fd && (count = read(fd.get(), buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<size_t>(count));
  return text;
}

// int getcpu(unsigned* cpu, unsigned* node, void* unused)
constexpr unsigned char kGetcpu[] = {
    0x0f, 0x01, 0xf9,              // rdtscp: node << 12 | cpu in ECX
    0x89, 0xc8,                    // mov %ecx,%eax
    0x25, 0xff, 0x0f, 0x00, 0x00,  // and $0xfff,%eax
    0x48, 0x85, 0xff,              // test %rdi,%rdi
    0x74, 0x02,                    // jz 1f
    0x89, 0x07,                    // mov %eax,(%rdi)
    0x48, 0x85, 0xf6,              // 1: test %rsi,%rsi
    0x74, 0x05,                    // jz 1f
    0xc1, 0xe9, 0x0c,              // shr $12,%ecx
    0x89, 0x0e,                    // mov %ecx,(%rsi)
    0x31, 0xc0,                    // 1: xor %eax,%eax
    0xc3,                          // ret
};

// The `index`th entry of a table in the image; all zero behind its end.
template <class Entry>
Entry entry_of(std::span<const std::byte> image, uint64_t table, uint64_t index) {
  Entry entry{};
  const uint64_t at = table + index * sizeof entry;
  if (at <= image.size() && image.size() - at >= sizeof entry) std::memcpy(&entry, image.data() + at, sizeof entry);
  return entry;
}

bool is_named(std::span<const std::byte> image, uint64_t at, std::string_view name) {
  return at <= image.size() && image.size() - at > name.size() &&
         std::memcmp(image.data() + at, name.data(), name.size()) == 0 && image[at + name.size()] == std::byte{0};
}

// Nothing of this name: all zero.
Elf64_Sym find_symbol(std::span<const std::byte> image, std::string_view name) {
  const auto header = entry_of<Elf64_Ehdr>(image, 0, 0);
  for (uint64_t i = 0; i < header.e_shnum; ++i) {
    const auto section = entry_of<Elf64_Shdr>(image, header.e_shoff, i);
    if (section.sh_type != SHT_DYNSYM) continue;
    const auto names = entry_of<Elf64_Shdr>(image, header.e_shoff, section.sh_link);
    for (uint64_t k = 0; k < section.sh_size / sizeof(Elf64_Sym); ++k) {
      const auto symbol = entry_of<Elf64_Sym>(image, section.sh_offset, k);
      if (is_named(image, names.sh_offset + symbol.st_name, name)) return symbol;
    }
  }
  return {};
}

}  // namespace

bool needs_own_getcpu() {
  constexpr unsigned kRdpid = 1 << 22;   // CPUID.7.0:ECX
  constexpr unsigned kRdtscp = 1 << 27;  // CPUID.80000001H:EDX
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  const bool has_rdpid = __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ecx & kRdpid);
  return !has_rdpid && __get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx) && (edx & kRdtscp);
}

bool replace_getcpu(std::span<std::byte> vdso) {
  const Elf64_Sym symbol = find_symbol(vdso, "__vdso_getcpu");
  if (symbol.st_size < sizeof kGetcpu || symbol.st_value > vdso.size() - sizeof kGetcpu) return false;
  std::memcpy(vdso.data() + symbol.st_value, kGetcpu, sizeof kGetcpu);
  return true;
}

std::optional<HostVdso> find_host_vdso() {
  const uint64_t start = getauxval(AT_SYSINFO_EHDR);
  // Where its data are, which find_host_vdso_data() has to know, is said there only.
  if (start == 0 || !open_procfs("self/maps")) return std::nullopt;
  Elf64_Ehdr header;
  std::memcpy(&header, reinterpret_cast<const void*>(start), sizeof header);
  // The section headers come last (arch/x86/entry/vdso).
  const uint64_t size = header.e_shoff + uint64_t{header.e_shnum} * header.e_shentsize;
  return HostVdso{start, start + align_up(size, kPageSize)};
}

uint64_t find_host_vdso_data(const HostVdso& vdso) {
  const std::string maps = read_maps();
  uint64_t data = vdso.start;
  for (size_t at = 0; at < maps.size();) {
    const size_t line_end = maps.find('\n', at);
    const std::string line = maps.substr(at, line_end - at);
    at = line_end == std::string::npos ? maps.size() : line_end + 1;
    uint64_t start = 0;
    if (line.find("[vvar") == std::string::npos || std::sscanf(line.c_str(), "%" SCNx64, &start) != 1) continue;
    data = std::min(data, start);
  }
  return data;
}

}  // namespace kontain::vcpu
