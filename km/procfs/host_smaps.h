// The host's smaps of the monitor (proc_pid_smaps(5)): what of its memory is resident, and how.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace kontain::procfs {

// The fields of one entry that are sums of bytes, in the kernel's order.
inline constexpr std::array<std::string_view, 19> kSmapsSums = {"Rss",
                                                                "Pss",
                                                                "Pss_Dirty",
                                                                "Shared_Clean",
                                                                "Shared_Dirty",
                                                                "Private_Clean",
                                                                "Private_Dirty",
                                                                "Referenced",
                                                                "Anonymous",
                                                                "KSM",
                                                                "LazyFree",
                                                                "AnonHugePages",
                                                                "ShmemPmdMapped",
                                                                "FilePmdMapped",
                                                                "Shared_Hugetlb",
                                                                "Private_Hugetlb",
                                                                "Swap",
                                                                "SwapPss",
                                                                "Locked"};
inline constexpr size_t kSmapsRss = 0;
inline constexpr size_t kSmapsPss = 1;
inline constexpr size_t kSmapsPssDirty = 2;
inline constexpr size_t kSmapsAnonymous = 8;
inline constexpr size_t kSmapsSwap = 16;

using SmapsSums = std::array<uint64_t, kSmapsSums.size()>;  // kB each

struct HostMapping {
  uint64_t start = 0;
  uint64_t end = 0;
  SmapsSums sums{};
};

// Its entries, by address. Lines of another form are passed over.
std::vector<HostMapping> parse_host_smaps(std::string_view text);

}  // namespace kontain::procfs
