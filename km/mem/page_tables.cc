#include "km/mem/page_tables.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>

#include "base/checked.h"

namespace kontain::mem {
namespace {

using namespace x86;

constexpr uint64_t kTableFlags = kPtePresent | kPteWrite | kPteUser | kPteAccessed;
constexpr uint64_t kLargeMask = kLargePageSize - 1;
// Emptying fewer tables than this keeps their memory: a call to the host costs more than it is worth.
constexpr size_t kReleaseFrom = 16;
constexpr uint64_t kPayloadTables = kGuestTop >> 39;
constexpr uint64_t kSharedIndex = kSharedSystemBase >> 39;
constexpr uint64_t kPrivateIndex = kPrivateSystemBase >> 39;
static_assert(kGuestTop % (1ull << 39) == 0, "the payload's entries end at a PML4 boundary");

// Another vCPU may be walking: entries change in one store.
void write_entry(uint64_t* entry, uint64_t value) { std::atomic_ref(*entry).store(value, std::memory_order_release); }

unsigned index_at(uint64_t address, unsigned level) { return (address >> (12 + 9 * (level - 1))) & 511; }

uint64_t chunk_end(uint64_t address, uint64_t end) { return std::min(end, (address | kLargeMask) + 1); }

bool is_whole_chunk(uint64_t start, uint64_t end) { return (start & kLargeMask) == 0 && end - start == kLargePageSize; }

}  // namespace

Result<PageTables> PageTables::create(GuestPhysical& physical) {
  PageTables tables(physical);
  const auto first = physical.allocate_pages(kPayloadTables + 1);
  if (!first) return fail("page tables", "", "out of system memory");
  tables.first_table_ = *first;
  return tables;
}

uint64_t PageTables::leaf_flags(int protection) {
  if ((protection & (PROT_READ | PROT_WRITE | PROT_EXEC)) == 0) return 0;
  uint64_t flags = kPtePresent | kPteUser | kPteAccessed | kPteDirty;
  if (protection & PROT_WRITE) flags |= kPteWrite;
  if (!(protection & PROT_EXEC)) flags |= kPteNoExecute;
  return flags;
}

std::optional<uint64_t> PageTables::make_root(uint64_t private_table) {
  const auto root = physical_->allocate_page();
  if (!root) return std::nullopt;
  uint64_t* entries = table(*root);
  for (uint64_t i = 0; i <= kSharedIndex; ++i) entries[i] = (first_table_ + i * kPageSize) | kTableFlags;
  entries[kPrivateIndex] = private_table | kTableFlags;
  return root;
}

uint64_t* PageTables::find_directory_entry(uint64_t address) const {
  const uint64_t pointer = table(directory_pointers(address))[index_at(address, 3)];
  if (!(pointer & kPtePresent)) return nullptr;
  return &table(pointer & kPteAddressMask)[index_at(address, 2)];
}

// A zeroed table for the chunk of `address`: the one it had before, if any.
std::optional<uint64_t> PageTables::table_for(uint64_t address) {
  const auto found = parked_.find(address & ~kLargeMask);
  if (found == parked_.end()) return physical_->allocate_page();
  const uint64_t page = found->second;
  parked_.erase(found);
  std::fill_n(table(page), kEntriesPerTable, 0);
  return page;
}

uint64_t* PageTables::make_entry_below(uint64_t level3_table, uint64_t address, unsigned level) {
  uint64_t current = level3_table;
  for (unsigned at = 3; at > level; --at) {
    uint64_t* entry = &table(current)[index_at(address, at)];
    if (!(*entry & kPtePresent)) {
      // Above the payload's ranges several threads may be at work, each below a table of its own.
      const auto page = at == 2 && address < kGuestTop ? table_for(address) : physical_->allocate_page();
      if (!page) return nullptr;
      write_entry(entry, *page | kTableFlags);
    }
    current = *entry & kPteAddressMask;
  }
  return &table(current)[index_at(address, level)];
}

uint64_t* PageTables::make_directory_entry(uint64_t address) {
  used_.set(address >> 39);
  return make_entry_below(directory_pointers(address), address, 2);
}

bool PageTables::map_system_page(uint64_t address, uint64_t gpa, uint64_t flags) {
  return map_private_page(directory_pointers(address), address, gpa, flags);
}

bool PageTables::map_private_page(uint64_t private_table, uint64_t address, uint64_t gpa, uint64_t flags) {
  uint64_t* entry = make_entry_below(private_table, address, 1);
  if (!entry) return false;
  write_entry(entry, gpa | flags | kPtePresent | kPteAccessed | kPteDirty);
  return true;
}

// Safe at any time: the 512 entries say what the large one said.
bool PageTables::split_large(uint64_t* entry, uint64_t address) {
  const auto page = table_for(address);
  if (!page) return false;
  const uint64_t flags = *entry & ~(kPteAddressMask | kPteLarge);
  const uint64_t base = *entry & kPteAddressMask;
  uint64_t* leaves = table(*page);
  for (uint64_t i = 0; i < kEntriesPerTable; ++i) leaves[i] = (base + i * kPageSize) | flags;
  write_entry(entry, *page | kTableFlags);
  return true;
}

bool PageTables::map_chunk(uint64_t start, uint64_t end, uint64_t gpa, uint64_t flags, LeafSize leaf) {
  uint64_t* entry = make_directory_entry(start);
  if (!entry) return false;
  const bool table_there = (*entry & kPtePresent) && !(*entry & kPteLarge);
  if (is_whole_chunk(start, end) && !table_there && (leaf == LeafSize::LargeAllowed || (*entry & kPteLarge))) {
    write_entry(entry, gpa | flags | kPteLarge);
    return true;
  }
  if ((*entry & kPtePresent) && (*entry & kPteLarge) && !split_large(entry, start)) return false;
  uint64_t* leaves = make_entry_below(directory_pointers(start), start, 1);
  if (!leaves) return false;
  for (uint64_t page = start; page < end; page += kPageSize, gpa += kPageSize) write_entry(leaves++, gpa | flags);
  return true;
}

bool PageTables::map(uint64_t start, uint64_t end, int protection, LeafSize leaf, uint64_t vma_start,
                     uint64_t vma_end) {
  const uint64_t flags = leaf_flags(protection);
  for (uint64_t at = start; at < end;) {
    const uint64_t stop = chunk_end(at, end);
    const auto gpa = physical_->touch(at, vma_start, vma_end);
    if (!gpa || !map_chunk(at, stop, *gpa, flags, leaf)) return false;
    at = stop;
  }
  return true;
}

bool PageTables::map_touched(uint64_t start, uint64_t end, int protection, LeafSize leaf) {
  const uint64_t flags = leaf_flags(protection);
  for (uint64_t at = physical_->next_window(start, end); at < end;) {
    const uint64_t stop = chunk_end(at, end);
    if (!map_chunk(at, stop, *physical_->find(at), flags, leaf)) return false;
    at = physical_->next_window(stop, end);
  }
  return true;
}

// The first address at or above `address` whose 2 MiB chunk has an entry, or `end`; skips absent tables whole.
uint64_t PageTables::next_present_chunk(uint64_t address, uint64_t end) const {
  while (address < end) {
    if (!used_.test(address >> 39)) {
      address = align_down(address, 1ull << 39) + (1ull << 39);
      continue;
    }
    const uint64_t pointer = table(directory_pointers(address))[index_at(address, 3)];
    if (!(pointer & kPtePresent)) {
      address = align_down(address, 1ull << 30) + (1ull << 30);
      continue;
    }
    if (table(pointer & kPteAddressMask)[index_at(address, 2)] & kPtePresent) return address;
    address = (address | kLargeMask) + 1;
  }
  return end;
}

// Where no table can be had to split a large entry, all of it goes: what still is mapped comes back by page fault.
void PageTables::clear_part(uint64_t* entry, uint64_t start, uint64_t end) {
  if ((*entry & kPteLarge) && !split_large(entry, start)) {
    write_entry(entry, 0);
    return;
  }
  uint64_t* leaves = table(*entry & kPteAddressMask);
  for (uint64_t page = start; page < end; page += kPageSize) write_entry(&leaves[index_at(page, 1)], 0);
}

void PageTables::park(uint64_t chunk, uint64_t gpa) {
  parked_.emplace(chunk, gpa);
  emptied_.push_back(gpa);
}

void PageTables::clear(uint64_t start, uint64_t end) {
  for (uint64_t at = next_present_chunk(start, end); at < end; at = next_present_chunk(at, end)) {
    const uint64_t stop = chunk_end(at, end);
    uint64_t* entry = find_directory_entry(at);
    if (is_whole_chunk(at, stop)) {
      if (!(*entry & kPteLarge)) park(at, *entry & kPteAddressMask);
      write_entry(entry, 0);
    } else {
      clear_part(entry, at, stop);
    }
    at = stop;
  }
}

void PageTables::restrict_to(uint64_t start, uint64_t end, int protection) {
  const uint64_t flags = leaf_flags(protection);
  if (flags == 0) {
    clear(start, end);
    return;
  }
  const uint64_t taken_bits = (flags & kPteWrite) ? 0 : kPteWrite;
  const uint64_t added_bits = flags & kPteNoExecute;
  const auto reduce = [&](uint64_t* entry) {
    if (*entry & kPtePresent) write_entry(entry, (*entry & ~taken_bits) | added_bits);
  };
  for (uint64_t at = next_present_chunk(start, end); at < end; at = next_present_chunk(at, end)) {
    const uint64_t stop = chunk_end(at, end);
    uint64_t* entry = find_directory_entry(at);
    if (*entry & kPteLarge) {
      if (is_whole_chunk(at, stop)) {
        reduce(entry);
        at = stop;
        continue;
      }
      if (!split_large(entry, at)) {
        write_entry(entry, 0);
        at = stop;
        continue;
      }
    }
    uint64_t* leaves = table(*entry & kPteAddressMask);
    for (uint64_t page = at; page < stop; page += kPageSize) reduce(&leaves[index_at(page, 1)]);
    at = stop;
  }
}

void PageTables::release_tables() {
  if (emptied_.size() >= kReleaseFrom) {
    for (uint64_t gpa : emptied_) physical_->discard_page(gpa);
  }
  emptied_.clear();
}

uint64_t PageTables::leaf(uint64_t address) const {
  const uint64_t* entry = find_directory_entry(address);
  if (!entry || !(*entry & kPtePresent)) return 0;
  if (*entry & kPteLarge) return *entry;
  const uint64_t found = table(*entry & kPteAddressMask)[index_at(address, 1)];
  return found & kPtePresent ? found : 0;
}

}  // namespace kontain::mem
