#include "km/mem/vma_tree.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "base/checked.h"
#include "base/error.h"

namespace kontain::mem {

VmaTree::Map::iterator VmaTree::first_above_it(uint64_t address) {
  auto it = map_.upper_bound(address);
  if (it != map_.begin() && std::prev(it)->second.end > address) return std::prev(it);
  return it;
}

const Vma* VmaTree::first_above(uint64_t address) const {
  auto it = const_cast<VmaTree*>(this)->first_above_it(address);
  return it == map_.end() ? nullptr : &it->second;
}

const Vma* VmaTree::find(uint64_t address) const {
  const Vma* vma = first_above(address);
  return vma && vma->start <= address ? vma : nullptr;
}

const Vma* VmaTree::before(const Vma& vma) const {
  auto it = map_.find(vma.start);
  return it == map_.begin() ? nullptr : &std::prev(it)->second;
}

bool VmaTree::any(uint64_t start, uint64_t end) const {
  const Vma* vma = first_above(start);
  return vma && vma->start < end;
}

bool VmaTree::covers(uint64_t start, uint64_t end) const {
  auto it = const_cast<VmaTree*>(this)->first_above_it(start);
  uint64_t at = start;
  while (at < end) {
    if (it == map_.end() || it->second.start > at) return false;
    at = it->second.end;
    ++it;
  }
  return true;
}

bool VmaTree::mergeable(const Vma& left, const Vma& right) {
  const bool continues = left.is_private_memory() || left.offset + (left.end - left.start) == right.offset;
  return left.end == right.start && continues && left.protection == right.protection &&
         std::tie(left.device, left.inode) == std::tie(right.device, right.inode) &&
         std::tie(left.shared, left.anonymous, left.segment, left.grows_down, left.stack) ==
             std::tie(right.shared, right.anonymous, right.segment, right.grows_down, right.stack) &&
         std::tie(left.dont_fork, left.wipe_on_fork, left.dont_dump, left.sealed, left.huge) ==
             std::tie(right.dont_fork, right.wipe_on_fork, right.dont_dump, right.sealed, right.huge);
}

void VmaTree::split(uint64_t address) {
  auto it = first_above_it(address);
  if (it == map_.end() || it->second.start >= address) return;
  Vma right = it->second;
  it->second.end = address;
  right.begin_at(address);
  map_.emplace(address, right);
}

void VmaTree::merge_around(uint64_t start, uint64_t end) {
  auto it = map_.lower_bound(start);
  if (it != map_.begin()) --it;
  while (it != map_.end() && it->second.start <= end) {
    auto next = std::next(it);
    if (next == map_.end()) return;
    if (mergeable(it->second, next->second)) {
      if (it->second.accessible_end() == it->second.end) it->second.file_end = next->second.file_end;
      it->second.end = next->second.end;
      map_.erase(next);
    } else {
      it = next;
    }
  }
}

void VmaTree::insert(const Vma& vma) {
  KONTAIN_CHECK(vma.start < vma.end && !any(vma.start, vma.end));
  gaps_.take(vma.start, vma.end);
  map_.emplace(vma.start, vma);
  merge_around(vma.start, vma.end);
}

void VmaTree::erase(uint64_t start, uint64_t end) {
  split(start);
  split(end);
  const auto last = map_.lower_bound(end);
  for (auto it = map_.lower_bound(start); it != last; it = map_.erase(it)) gaps_.give(it->second.start, it->second.end);
}

void VmaTree::set_end(uint64_t start, uint64_t end) {
  auto it = map_.find(start);
  KONTAIN_CHECK(it != map_.end() && end > it->second.end);
  gaps_.take(it->second.end, end);
  it->second.end = end;
  if (it->second.anonymous) it->second.file_end = end;
  merge_around(start, end);
}

uint64_t VmaTree::size_in_bytes() const { return size_in_bytes(0, UINT64_MAX); }

uint64_t VmaTree::size_in_bytes(uint64_t start, uint64_t end) const {
  uint64_t size = 0;
  for (auto it = const_cast<VmaTree*>(this)->first_above_it(start); it != map_.end() && it->first < end; ++it) {
    size += std::min(it->second.end, end) - std::max(it->second.start, start);
  }
  return size;
}

uint64_t VmaTree::data_in_bytes() const {
  uint64_t size = 0;
  for (const auto& [start, vma] : map_) {
    if (vma.is_data()) size += vma.end - start;
  }
  return size;
}

}  // namespace kontain::mem
