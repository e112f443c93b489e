#include "km/mem/guest_physical.h"

#include <algorithm>
#include <iterator>

#include "base/checked.h"
#include "km/mem/ranges.h"

namespace kontain::mem {
namespace {

constexpr uint64_t kFirstChunk = 4ull << 20;  // a slot of up to 4 MiB costs the least
constexpr uint64_t kNextChunk = 32ull << 20;
constexpr uint64_t kWindowCount = kGuestTop / kSmallWindowSize;

// Asks for a place above the guest, so that a hole in it is never taken by us.
void* above_guest() { return reinterpret_cast<void*>(kGuestTop + (1ull << 40)); }

}  // namespace

Result<std::unique_ptr<GuestPhysical>> GuestPhysical::create(SlotSink& sink) {
  std::unique_ptr<GuestPhysical> physical(new GuestPhysical(sink));
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  TRY_ASSIGN(physical->system_, Mapping::create(kSystemMemoryLimit, PROT_READ | PROT_WRITE, kFlags, -1, above_guest()));
  TRY_ASSIGN(physical->window_table_,
             Mapping::create(kWindowCount * sizeof(uint32_t), PROT_READ | PROT_WRITE, kFlags, -1, above_guest()));
  if (!physical->grow_system_memory()) return fail("system memory", "", "KVM refused the first slot");
  return physical;
}

bool GuestPhysical::grow_system_memory() {
  const uint64_t size = system_slotted_ == 0 ? kFirstChunk : kNextChunk;
  if (system_slotted_ + size > kSystemMemoryLimit) return false;
  const auto host = reinterpret_cast<uint64_t>(system_pointer(system_slotted_));
  if (!sink_->add_slot(system_slotted_, size, host, kvm::SlotAccess::ReadWrite)) return false;
  system_slotted_ += size;
  return true;
}

std::optional<uint64_t> GuestPhysical::allocate_page() { return allocate_pages(1); }

std::optional<uint64_t> GuestPhysical::allocate_pages(uint64_t count) {
  std::scoped_lock hold(lock_);
  while (system_used_ + count * kPageSize > system_slotted_) {
    if (!grow_system_memory()) return std::nullopt;
  }
  const uint64_t gpa = system_used_;
  system_used_ += count * kPageSize;
  return gpa;
}

void GuestPhysical::discard_page(uint64_t gpa) {
  KONTAIN_CHECK(madvise(system_pointer(gpa), kPageSize, MADV_DONTNEED) == 0);
}

Result<void> GuestPhysical::expose_host_pages(uint64_t host, uint64_t size) {
  host_pages_ = host;
  host_pages_size_ = size;
  return sink_->add_slot(kHostPagesGpa, size, host, kvm::SlotAccess::ReadOnly);
}

std::optional<uint64_t> GuestPhysical::find(uint64_t address) const {
  const uint32_t entry = static_cast<const uint32_t*>(window_table_.get())[address / kSmallWindowSize];
  if (entry == 0) return std::nullopt;
  return (entry - 1) * kSmallWindowSize + address % kSmallWindowSize;
}

bool GuestPhysical::is_free(uint64_t address, uint64_t size) const {
  for (uint64_t part = address; part < address + size; part += kSmallWindowSize) {
    if (find(part)) return false;
  }
  return true;
}

uint64_t GuestPhysical::size_for(uint64_t address, uint64_t allowed_start, uint64_t allowed_end) const {
  for (const uint64_t size : {kLargeWindowSize, kWindowSize}) {
    const uint64_t start = align_down(address, size);
    if (allowed_start <= start && allowed_end >= start + size && is_free(start, size)) return size;
  }
  const bool is_early = windows_.size() < kSmallWindows;
  return is_early || !is_free(align_down(address, kWindowSize), kWindowSize) ? kSmallWindowSize : kWindowSize;
}

std::optional<uint64_t> GuestPhysical::touch(uint64_t address, uint64_t allowed_start, uint64_t allowed_end) {
  if (auto gpa = find(address)) return gpa;
  const uint64_t size = size_for(address, allowed_start, allowed_end);
  return make_window(align_down(address, size), size) ? find(address) : std::nullopt;
}

std::optional<uint64_t> GuestPhysical::make_window(uint64_t address, uint64_t size) {
  std::scoped_lock hold(lock_);
  const uint64_t gpa = align_up(next_window_gpa_, size);
  if (!sink_->add_slot(gpa, size, address, kvm::SlotAccess::ReadWrite)) return std::nullopt;
  next_window_gpa_ = gpa + size;
  windows_.emplace(address, Window{gpa, size});
  auto* table = static_cast<uint32_t*>(window_table_.get());
  for (uint64_t offset = 0; offset < size; offset += kSmallWindowSize) {
    table[(address + offset) / kSmallWindowSize] = static_cast<uint32_t>((gpa + offset) / kSmallWindowSize + 1);
  }
  return gpa;
}

uint64_t GuestPhysical::next_window(uint64_t address, uint64_t end) const {
  auto next = windows_.upper_bound(address);
  if (next != windows_.begin()) {
    const auto& [start, window] = *std::prev(next);
    if (start + window.size > address) return std::min(address, end);
  }
  return next == windows_.end() ? end : std::min(next->first, end);
}

}  // namespace kontain::mem
