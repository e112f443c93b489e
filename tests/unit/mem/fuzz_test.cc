// Random mappings against a model of one byte of rights and one value per page: what the tree, the page tables and the
// host say must agree with it after every step; also with several threads at work in one address space.
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "km/mem/address_space.h"
#include "km/mem/copy.h"
#include "tests/unit/mem/fake_slots.h"

using namespace kontain;
using namespace kontain::mem;
using test::FakeSlots;

namespace {

constexpr uint64_t kPages = 4096;
constexpr uint64_t kBase = kHighStart + (256ull << 30);
constexpr int kUnmapped = -1;
constexpr int kPrivate = -1;

struct World {
  FakeSlots slots;
  std::unique_ptr<GuestPhysical> physical = std::move(GuestPhysical::create(slots).value());
  PageTables tables = PageTables::create(*physical).value();
  AddressSpace memory{*physical, tables};

  ~World() {
    memory.unmap(kLowStart, kLowEnd - kLowStart);
    memory.unmap(kHighStart, kGuestTop - kHighStart);
  }
};

struct Page {
  int protection = kUnmapped;
  int file_page = kPrivate;  // or which page of the file it shows
  uint32_t value = 0;        // of private pages
};

// Works on a part of the address space that is its own. Failures are kept: assertions are not for threads.
class Fuzzer {
 public:
  // `entries_vanish`: another thread may drop the entries of file mappings at any time.
  Fuzzer(World& world, uint64_t base, unsigned seed, bool entries_vanish)
      : memory_(world.memory),
        tables_(world.tables),
        base_(base),
        entries_vanish_(entries_vanish),
        random_(seed),
        pages_(kPages),
        file_(memfd_create("fuzz", MFD_CLOEXEC)),
        file_values_(kPages) {
    expect(ftruncate(file_.get(), kPages * 4096) == 0, "ftruncate", 0);
  }

  void step() {
    const uint64_t first = pick(kPages);
    uint64_t count = 1 + (pick(8) == 0 ? pick(1500) : pick(40));
    if (first + count > kPages) count = kPages - first;
    switch (pick(12)) {
      case 0:
      case 1: unmap(first, count); break;
      case 2:
      case 3:
      case 4: map(first, count); break;
      case 5:
      case 6:
      case 7: protect(first, count); break;
      case 8: drop(first, count); break;
      case 9:
      case 10: map_file(first, count); break;
      default: move(first, count);
    }
    for (int i = 0; i < 16; ++i) visit(i < 8 ? first + pick(count) : pick(kPages));
  }

  const std::string& failure() const { return failure_; }

 private:
  void expect(bool holds, const char* what, uint64_t page) {
    if (!holds && failure_.empty()) failure_ = std::string(what) + " at page " + std::to_string(page);
  }
  uint64_t pick(uint64_t limit) { return random_() % limit; }
  uint64_t address(uint64_t page) const { return base_ + page * 4096; }
  bool all_mapped(uint64_t first, uint64_t count) const {
    for (uint64_t i = first; i < first + count; ++i) {
      if (pages_[i].protection == kUnmapped) return false;
    }
    return true;
  }
  int random_protection() {
    static constexpr int kChoices[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC,
                                       PROT_READ | PROT_WRITE | PROT_EXEC};
    return kChoices[pick(5)];
  }

  void unmap(uint64_t first, uint64_t count) {
    expect(memory_.unmap(address(first), count * 4096).has_value(), "unmap", first);
    for (uint64_t i = first; i < first + count; ++i) pages_[i] = {};
  }
  void map(uint64_t first, uint64_t count) {
    const int protection = random_protection();
    const auto mapped =
        memory_.map({address(first), count * 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0});
    expect(mapped.has_value(), "map", first);
    for (uint64_t i = first; i < first + count; ++i) pages_[i] = {protection, kPrivate, 0};
  }
  void map_file(uint64_t first, uint64_t count) {
    const int protection = random_protection();
    const uint64_t file_page = pick(kPages - count + 1);
    const auto mapped =
        memory_.map({address(first), count * 4096, protection, MAP_SHARED | MAP_FIXED, file_.get(), file_page * 4096});
    expect(mapped.has_value(), "map of a file", first);
    for (uint64_t i = 0; i < count; ++i) pages_[first + i] = {protection, static_cast<int>(file_page + i), 0};
  }
  void protect(uint64_t first, uint64_t count) {
    if (!all_mapped(first, count)) return;
    const int protection = random_protection();
    expect(memory_.protect(address(first), count * 4096, protection).has_value(), "protect", first);
    for (uint64_t i = first; i < first + count; ++i) pages_[i].protection = protection;
  }
  void drop(uint64_t first, uint64_t count) {
    if (!all_mapped(first, count)) return;
    expect(memory_.advise(address(first), count * 4096, MADV_DONTNEED).has_value(), "advise", first);
    for (uint64_t i = first; i < first + count; ++i) pages_[i].value = 0;
  }
  void move(uint64_t first, uint64_t count) {
    const uint64_t target = pick(kPages);
    if (target + count > kPages || (target < first + count && first < target + count)) return;
    for (uint64_t i = first; i < first + count; ++i) {
      const int file_page =
          pages_[first].file_page == kPrivate ? kPrivate : pages_[first].file_page + static_cast<int>(i - first);
      if (pages_[i].protection == kUnmapped || pages_[i].protection != pages_[first].protection ||
          pages_[i].file_page != file_page) {
        return;
      }
    }
    constexpr int kFlags = MREMAP_MAYMOVE | MREMAP_FIXED;
    // Neighbours of equal rights may still be two mappings to the host: then it refuses, and nothing has changed.
    if (!memory_.remap(address(first), count * 4096, count * 4096, kFlags, address(target))) {
      return refused_move(target, count);
    }
    for (uint64_t i = 0; i < count; ++i) {
      pages_[target + i] = pages_[first + i];
      pages_[first + i] = {};
    }
  }
  // Linux unmaps the target before it finds out.
  void refused_move(uint64_t target, uint64_t count) {
    for (uint64_t i = target; i < target + count; ++i) {
      if (!memory_.is_mapped(address(i), 4096)) pages_[i] = {};
    }
  }

  uint32_t& value_of(Page& page) {
    return page.file_page == kPrivate ? page.value : file_values_[static_cast<size_t>(page.file_page)];
  }

  // What the payload would see: the fault handler's answer, then the page-table entry, then the value.
  void visit(uint64_t index) {
    Page& page = pages_[index];
    const uint64_t at = address(index);
    const bool may_write = page.protection != kUnmapped && (page.protection & PROT_WRITE);
    const bool may_read = page.protection > 0;
    expect(memory_.handle_fault(at, x86::kFaultWrite).has_value() == !may_write, "answer to a write", index);
    expect(memory_.handle_fault(at, 0).has_value() == !may_read, "answer to a read", index);
    const bool vanishes = entries_vanish_ && page.file_page != kPrivate;
    if (!may_read || !vanishes) expect((tables_.leaf(at) != 0) == may_read, "entry", index);
    if (may_read) expect(*reinterpret_cast<volatile uint32_t*>(at) == value_of(page), "value", index);
    if (may_write) {
      value_of(page) = static_cast<uint32_t>(random_());
      *reinterpret_cast<volatile uint32_t*>(at) = value_of(page);
    }
  }

  AddressSpace& memory_;
  PageTables& tables_;
  const uint64_t base_;
  const bool entries_vanish_;
  std::mt19937 random_;
  std::vector<Page> pages_;
  UniqueFd file_;
  std::vector<uint32_t> file_values_;
  std::string failure_;
};

constexpr unsigned kThreads = 3;
constexpr uint64_t kPart = 64ull << 20;  // a window each, so that they also share tables above it

// Faults anywhere in everybody's memory, and now and then pretends that the host could not provide a page.
void disturb(World& world, unsigned seed, const std::atomic<bool>& stop) {
  std::mt19937 random(seed);
  HostFaults faults;
  for (unsigned round = 0; !stop; ++round) {
    const uint64_t at = kBase + random() % (kThreads * kPart);
    world.memory.handle_fault(at, (random() & 1) ? x86::kFaultWrite : 0);
    if (round % 64 != 0) continue;
    if (!world.memory.retry_after_host_fault(faults)) faults = {};
  }
}

}  // namespace

TEST_CASE("mem fuzz: tree, page tables and host agree with the model") {
  NEEDS_RANGES();
  for (unsigned seed = 1; seed <= 4; ++seed) {
    World world;
    Fuzzer fuzzer(world, kBase, seed, false);
    for (int i = 0; i < 3000; ++i) {
      fuzzer.step();
      INFO("seed " << seed << " step " << i);
      REQUIRE(fuzzer.failure() == "");
      if (i % 200 != 0) continue;
      REQUIRE(world.memory.check_consistency().value_or("") == "");
    }
  }
}

TEST_CASE("mem fuzz: threads that map, fault and lose entries at once agree with their models") {
  NEEDS_RANGES();
  // Where rights change between the look at a mapping and the attempt to bring its page in, that attempt faults.
  install_fault_fixup();
  World world;
  std::vector<std::unique_ptr<Fuzzer>> fuzzers;
  for (unsigned i = 0; i < kThreads; ++i) {
    fuzzers.push_back(std::make_unique<Fuzzer>(world, kBase + i * kPart, 100 + i, true));
  }
  for (unsigned round = 0; round < 8; ++round) {
    std::atomic<bool> stop = false;
    std::thread disturber(disturb, std::ref(world), round, std::cref(stop));
    std::vector<std::thread> threads;
    for (const auto& fuzzer : fuzzers) {
      threads.emplace_back([&fuzzer] {
        for (int i = 0; i < 400 && fuzzer->failure().empty(); ++i) fuzzer->step();
      });
    }
    for (std::thread& thread : threads) thread.join();
    stop = true;
    disturber.join();
    INFO("round " << round);
    for (const auto& fuzzer : fuzzers) REQUIRE(fuzzer->failure() == "");
    REQUIRE(world.memory.check_consistency().value_or("") == "");
  }
}
