// The guest's physical memory: nobody's business outside km/mem and km/vcpu.
//
//   [0, 16 GiB)        system memory: page tables, descriptor tables, per-vCPU pages; slots added as it grows
//   kHostPagesGpa      pages of the host shown to the payload read-only (the vDSO and its data)
//   kDoorbellGpa       one page without a slot: a store to it is a system call (recipe A)
//   [64 GiB, ...)      windows onto the payload's memory, handed out in the order they are touched
//
// A window is 64 MiB of the payload's addresses (16 MiB for the first few, 1 GiB inside large mappings) with a slot of
// its own, made at the first touch and never deleted: deleting a slot drops everything KVM has shadowed. Inside a
// window the way from virtual to physical is linear, so a large page can be split in place.
//
// Pages may be allocated by any thread. Windows are found and made under the address space's lock.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "base/error.h"
#include "base/mapping.h"
#include "km/kvm/vm.h"

namespace kontain::mem {

inline constexpr uint64_t kSmallWindowSize = 16ull << 20;
inline constexpr uint64_t kWindowSize = 64ull << 20;
inline constexpr uint64_t kLargeWindowSize = 1ull << 30;
// A short program needs two or three, and the time a slot takes to make grows with its size.
inline constexpr size_t kSmallWindows = 3;
inline constexpr uint64_t kSystemMemoryLimit = 16ull << 30;
inline constexpr uint64_t kHostPagesGpa = 56ull << 30;
inline constexpr uint64_t kDoorbellGpa = 60ull << 30;
inline constexpr uint64_t kWindowsGpa = 64ull << 30;

// Where slots go: a KVM machine, or a recorder in tests.
class SlotSink {
 public:
  virtual ~SlotSink() = default;
  virtual Result<void> add_slot(uint64_t gpa, uint64_t size, uint64_t host, kvm::SlotAccess access) = 0;
};

class GuestPhysical {
 public:
  // `sink` outlives the object. Fails when system memory cannot be mapped or slotted.
  static Result<std::unique_ptr<GuestPhysical>> create(SlotSink& sink);

  // A zeroed page of system memory: its guest-physical address. Nothing when KVM or the host has no more to give.
  std::optional<uint64_t> allocate_page();
  // `count` consecutive zeroed pages.
  std::optional<uint64_t> allocate_pages(uint64_t count);
  // Zeroes a page by giving its memory back to the host. It stays the caller's.
  void discard_page(uint64_t gpa);
  // Our view of system memory at `gpa`.
  void* system_pointer(uint64_t gpa) const { return static_cast<char*>(system_.get()) + gpa; }

  // Makes `size` bytes of our own memory at `host` readable to the guest at kHostPagesGpa; once.
  Result<void> expose_host_pages(uint64_t host, uint64_t size);

  // The guest-physical address of the payload's `address` if its window exists, else nothing.
  std::optional<uint64_t> find(uint64_t address) const;
  // The same, making the window: a 1 GiB one when [allowed_start, allowed_end) contains all of it.
  std::optional<uint64_t> touch(uint64_t address, uint64_t allowed_start, uint64_t allowed_end);
  // Number of windows made so far.
  size_t window_count() const { return windows_.size(); }

  // The first address at or above `address` that lies in a window, or `end`.
  uint64_t next_window(uint64_t address, uint64_t end) const;

  // Around a fork(2), so that the child finds the lock free: no slot and no page is made in between.
  void prepare_fork() { lock_.lock(); }
  void finish_fork() { lock_.unlock(); }

 private:
  struct Window {
    uint64_t gpa;
    uint64_t size;
  };
  explicit GuestPhysical(SlotSink& sink) : sink_(&sink) {}
  bool grow_system_memory();
  bool is_free(uint64_t address, uint64_t size) const;
  uint64_t size_for(uint64_t address, uint64_t allowed_start, uint64_t allowed_end) const;
  std::optional<uint64_t> make_window(uint64_t address, uint64_t size);

  SlotSink* sink_;
  std::mutex lock_;  // for what several threads may do at once: pages, slots, windows made
  Mapping system_;
  uint64_t system_used_ = 0;
  uint64_t system_slotted_ = 0;
  Mapping window_table_;  // uint32_t per 16 MiB of guest addresses: their GPA in units of 16 MiB, plus one
  std::map<uint64_t, Window> windows_;  // by the payload's address
  uint64_t next_window_gpa_ = kWindowsGpa;
  uint64_t host_pages_ = 0;
  uint64_t host_pages_size_ = 0;
};

}  // namespace kontain::mem
