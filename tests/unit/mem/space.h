// An address space over fake slots, for tests of what the payload's calls do to it.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <memory>

#include "base/procfs.h"
#include "base/unique_fd.h"
#include "km/mem/address_space.h"
#include "tests/unit/mem/fake_slots.h"

namespace kontain::mem::test {

inline constexpr uint64_t kMiB = 1 << 20;
inline constexpr int kAnonymous = MAP_PRIVATE | MAP_ANONYMOUS;
inline constexpr int kReadWrite = PROT_READ | PROT_WRITE;

struct Space {
  FakeSlots slots;
  std::unique_ptr<GuestPhysical> physical = std::move(GuestPhysical::create(slots).value());
  PageTables tables = PageTables::create(*physical).value();
  AddressSpace memory{*physical, tables};

  UniqueFd procfs = find_procfs();

  Space() {
    hold_procfs(procfs.get());
    memory.set_mmap_top(kHighStart + (512ull << 30));
  }
  ~Space() {
    hold_procfs(-1);
    memory.unmap(kLowStart, kLowEnd - kLowStart);
    memory.unmap(kHighStart, kGuestTop - kHighStart);
  }
  uint64_t map(uint64_t length, int protection = kReadWrite, int flags = kAnonymous, uint64_t at = 0) {
    return memory.map({at, length, protection, flags, -1, 0}).value_or(0);
  }
  int map_error(const MapRequest& request) {
    const auto result = memory.map(request);
    return result ? 0 : result.error().value;
  }
  bool consistent() {
    const auto found = memory.check_consistency();
    if (found) UNSCOPED_INFO(*found);
    return !found;
  }
};

inline UniqueFd temporary_file(off_t size) {
  UniqueFd fd(memfd_create("test", MFD_CLOEXEC));
  REQUIRE(ftruncate(fd.get(), size) == 0);
  return fd;
}

// A page of the payload's memory, seen from here.
inline volatile int& word_at(uint64_t address) { return *reinterpret_cast<volatile int*>(address); }

}  // namespace kontain::mem::test
