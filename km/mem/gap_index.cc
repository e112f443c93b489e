#include "km/mem/gap_index.h"

#include <algorithm>
#include <utility>

#include "base/checked.h"
#include "base/error.h"

namespace kontain::mem {

struct GapIndex::Gap {
  uint64_t start;
  uint64_t end;
  uint64_t priority;
  uint64_t largest;  // length of the largest run of this subtree
  Tree below;
  Tree above;
};

namespace {

// What is asked for: `size` bytes of a run inside [floor, ceiling).
struct Wanted {
  uint64_t floor;
  uint64_t ceiling;
  uint64_t size;
};

template <class Gap>
bool fits(const Gap& gap, const Wanted& wanted) {
  const uint64_t start = std::max(gap.start, wanted.floor);
  const uint64_t end = std::min(gap.end, wanted.ceiling);
  return end > start && end - start >= wanted.size;
}

// Only the runs at the two borders can be large enough and yet not fit, so few paths are walked in vain.
template <class Gap>
const Gap* highest(const Gap* gap, const Wanted& wanted) {
  if (!gap || gap->largest < wanted.size) return nullptr;
  if (gap->start < wanted.ceiling) {
    if (const Gap* found = highest(gap->above.get(), wanted)) return found;
    if (fits(*gap, wanted)) return gap;
  }
  return gap->start > wanted.floor ? highest(gap->below.get(), wanted) : nullptr;
}

template <class Gap>
const Gap* lowest(const Gap* gap, const Wanted& wanted) {
  if (!gap || gap->largest < wanted.size) return nullptr;
  if (gap->start > wanted.floor) {
    if (const Gap* found = lowest(gap->below.get(), wanted)) return found;
  }
  if (fits(*gap, wanted)) return gap;
  return gap->start < wanted.ceiling ? lowest(gap->above.get(), wanted) : nullptr;
}

}  // namespace

GapIndex::GapIndex(uint64_t start, uint64_t end) { add(start, end); }
GapIndex::~GapIndex() = default;
GapIndex::GapIndex(GapIndex&&) noexcept = default;
GapIndex& GapIndex::operator=(GapIndex&&) noexcept = default;

void GapIndex::update(Gap& gap) {
  gap.largest = gap.end - gap.start;
  if (gap.below) gap.largest = std::max(gap.largest, gap.below->largest);
  if (gap.above) gap.largest = std::max(gap.largest, gap.above->largest);
}

// Runs that start below `address` go to `below`.
void GapIndex::split(Tree tree, uint64_t address, Tree& below, Tree& above) {
  if (!tree) {
    below.reset();
    above.reset();
    return;
  }
  Gap& gap = *tree;
  Tree rest;
  if (gap.start < address) {
    split(std::move(gap.above), address, gap.above, rest);
    update(gap);
    below = std::move(tree);
    above = std::move(rest);
  } else {
    split(std::move(gap.below), address, rest, gap.below);
    update(gap);
    above = std::move(tree);
    below = std::move(rest);
  }
}

GapIndex::Tree GapIndex::join(Tree below, Tree above) {
  if (!below) return above;
  if (!above) return below;
  if (below->priority > above->priority) {
    below->above = join(std::move(below->above), std::move(above));
    update(*below);
    return below;
  }
  above->below = join(std::move(below), std::move(above->below));
  update(*above);
  return above;
}

// xorshift64: only the shape of the tree depends on it.
uint64_t GapIndex::next_priority() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return random_;
}

void GapIndex::add(uint64_t start, uint64_t end) {
  if (start == end) return;
  Tree below;
  Tree above;
  split(std::move(root_), start, below, above);
  Tree gap(new Gap{start, end, next_priority(), end - start, nullptr, nullptr});
  root_ = join(join(std::move(below), std::move(gap)), std::move(above));
}

GapIndex::Run GapIndex::last_before(uint64_t address) const {
  Run found;
  for (const Gap* gap = root_.get(); gap;) {
    if (gap->start < address) {
      found = {gap->start, gap->end};
      gap = gap->above.get();
    } else {
      gap = gap->below.get();
    }
  }
  return found;
}

GapIndex::Run GapIndex::extract(uint64_t address) {
  const Run run = last_before(address + 1);
  if (run.end < address || run.start == run.end) return {address, address};
  Tree below;
  Tree found;
  Tree above;
  split(std::move(root_), run.start, below, found);
  split(std::move(found), run.start + 1, found, above);
  root_ = join(std::move(below), std::move(above));
  return run;
}

void GapIndex::take(uint64_t start, uint64_t end) {
  const Run run = extract(start);
  KONTAIN_CHECK(run.start <= start && run.end >= end);
  add(run.start, start);
  add(end, run.end);
}

void GapIndex::give(uint64_t start, uint64_t end) {
  const Run after = extract(end);
  const Run before = extract(start);
  add(before.start, std::max(after.end, end));
}

uint64_t GapIndex::find_below(uint64_t ceiling, uint64_t floor, uint64_t length, uint64_t alignment) const {
  const uint64_t size = length + (alignment - kPageSize);
  if (size < length) return 0;
  const Gap* gap = highest<Gap>(root_.get(), {floor, ceiling, size});
  return gap ? align_down(std::min(gap->end, ceiling) - length, alignment) : 0;
}

uint64_t GapIndex::find_above(uint64_t floor, uint64_t ceiling, uint64_t length, uint64_t alignment) const {
  const uint64_t size = length + (alignment - kPageSize);
  if (size < length) return 0;
  const Gap* gap = lowest<Gap>(root_.get(), {floor, ceiling, size});
  return gap ? align_up(std::max(gap->start, floor), alignment) : 0;
}

}  // namespace kontain::mem
