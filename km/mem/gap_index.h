// The free runs of addresses between mappings, found by size: a treap ordered by address in which every node knows the
// largest run below it, so that every operation takes O(log n).
#pragma once

#include <cstdint>
#include <memory>

namespace kontain::mem {

class GapIndex {
 public:
  // All of [start, end) is free at first; page-aligned.
  GapIndex(uint64_t start, uint64_t end);
  ~GapIndex();
  GapIndex(GapIndex&&) noexcept;
  GapIndex& operator=(GapIndex&&) noexcept;

  // [start, end), free until now, is in use.
  void take(uint64_t start, uint64_t end);
  // [start, end), in use until now, is free.
  void give(uint64_t start, uint64_t end);

  // The highest aligned address in [floor, ceiling) with `length` free bytes that end at or below `ceiling`; 0 when
  // there is none. With an alignment above a page a run counts only if it has room for any misalignment.
  uint64_t find_below(uint64_t ceiling, uint64_t floor, uint64_t length, uint64_t alignment) const;
  // The lowest one.
  uint64_t find_above(uint64_t floor, uint64_t ceiling, uint64_t length, uint64_t alignment) const;

 private:
  struct Gap;
  using Tree = std::unique_ptr<Gap>;
  static void update(Gap& gap);
  static void split(Tree tree, uint64_t address, Tree& below, Tree& above);
  static Tree join(Tree below, Tree above);
  void add(uint64_t start, uint64_t end);
  // Removes and returns the free run that contains `address` or ends there.
  struct Run {
    uint64_t start = 0;
    uint64_t end = 0;
  };
  Run extract(uint64_t address);
  Run last_before(uint64_t address) const;
  uint64_t next_priority();

  Tree root_;
  uint64_t random_ = 0x9e3779b97f4a7c15;
};

}  // namespace kontain::mem
