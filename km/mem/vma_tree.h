// The payload's mappings: non-overlapping, ordered by address. The host cannot be asked (everything free is one
// PROT_NONE reservation to it), so this is the one source of truth. Pure: no memory is touched. Every operation on one
// mapping or one search takes O(log n).
#pragma once

#include <sys/mman.h>

#include <cstdint>
#include <map>
#include <optional>

#include "km/arch/x86.h"
#include "km/mem/gap_index.h"

namespace kontain::mem {

// One mapping. `end` and all other addresses are exclusive ends, page-aligned.
struct Vma {
  uint64_t start = 0;
  uint64_t end = 0;
  int protection = 0;     // PROT_READ | PROT_WRITE | PROT_EXEC
  uint64_t file_end = 0;  // file mappings: the address behind the file's last page when it was mapped
  // What is mapped: equal and contiguous in `offset` means the same memory. Shared anonymous memory and System V
  // segments have identities of our own on device 0.
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t offset = 0;  // bytes into it at `start`; 0 for private anonymous memory
  bool shared = false;  // MAP_SHARED
  bool anonymous = false;
  bool segment = false;       // attached with shmat(2): anonymous too
  bool grows_down = false;    // MAP_GROWSDOWN
  bool stack = false;         // MAP_STACK or the initial stack: never huge pages
  bool dont_fork = false;     // MADV_DONTFORK
  bool wipe_on_fork = false;  // MADV_WIPEONFORK
  bool dont_dump = false;     // MADV_DONTDUMP
  bool sealed = false;        // mseal(2)
  bool huge = false;          // the host was asked for huge pages

  // Private anonymous memory: nobody else can name its pages.
  bool is_private_memory() const { return anonymous && !shared; }
  // Filled part by part as it is touched: memory of small pages, each the payload's own once it is written.
  bool comes_by_touch() const { return is_private_memory() && (protection & PROT_WRITE) && !huge; }
  // What RLIMIT_DATA counts.
  bool is_data() const { return !shared && !grows_down && (protection & PROT_WRITE); }
  // The end of what can be accessed without visiting the file system first.
  uint64_t accessible_end() const { return anonymous ? end : (file_end < end ? file_end : end); }
  // Lets the mapping begin at `address`, moving the offset along.
  void begin_at(uint64_t address) {
    if (!is_private_memory()) offset += address - start;
    start = address;
  }
};

class VmaTree {
 public:
  using Map = std::map<uint64_t, Vma>;
  using const_iterator = Map::const_iterator;

  // The mapping that contains `address`, or nullptr. Valid until the next change.
  const Vma* find(uint64_t address) const;
  // The first mapping that ends above `address`, or nullptr.
  const Vma* first_above(uint64_t address) const;
  // The mapping just below `vma`, or nullptr.
  const Vma* before(const Vma& vma) const;
  // True when any page of [start, end) is mapped.
  bool any(uint64_t start, uint64_t end) const;
  // True when every page of [start, end) is mapped.
  bool covers(uint64_t start, uint64_t end) const;

  // Adds a mapping where nothing is; merges it with an equal neighbour.
  void insert(const Vma& vma);
  // Removes [start, end), splitting mappings at the borders.
  void erase(uint64_t start, uint64_t end);
  // Calls fn(Vma& part) for each part of a mapping inside [start, end), splitting at the borders; stops when fn
  // returns false. Address fields must not be changed by fn.
  template <class Fn>
  void update(uint64_t start, uint64_t end, Fn&& fn) {
    split(start);
    split(end);
    for (auto it = map_.lower_bound(start); it != map_.end() && it->first < end; ++it) {
      if (!fn(it->second)) break;
    }
    merge_around(start, end);
  }
  // Lets the mapping at `start` end at a higher address; the caller knows the space is free.
  void set_end(uint64_t start, uint64_t end);

  // The highest free run of `length` bytes, aligned, inside [floor, ceiling); 0 when there is none. Aligned to more
  // than a page, a run counts only if it has room for any misalignment.
  uint64_t find_free_below(uint64_t ceiling, uint64_t floor, uint64_t length, uint64_t alignment) const {
    return gaps_.find_below(ceiling, floor, length, alignment);
  }
  // The lowest one.
  uint64_t find_free_above(uint64_t floor, uint64_t ceiling, uint64_t length, uint64_t alignment) const {
    return gaps_.find_above(floor, ceiling, length, alignment);
  }

  // The bytes that are mapped, of all mappings or inside [start, end). O(n).
  uint64_t size_in_bytes() const;
  uint64_t size_in_bytes(uint64_t start, uint64_t end) const;
  // Those that RLIMIT_DATA is about (setrlimit(2)): private and writable, without stacks.
  uint64_t data_in_bytes() const;

  const_iterator begin() const { return map_.begin(); }
  const_iterator end() const { return map_.end(); }
  size_t size() const { return map_.size(); }

 private:
  void split(uint64_t address);
  void merge_around(uint64_t start, uint64_t end);
  static bool mergeable(const Vma& left, const Vma& right);
  Map::iterator first_above_it(uint64_t address);

  Map map_;  // by start
  GapIndex gaps_{0, x86::kTaskSizeMax};
};

}  // namespace kontain::mem
