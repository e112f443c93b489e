// Random mappings against a model of one byte of rights and one value per page: what the tree, the page tables and the
// host say must agree with it after every step.
#include <sys/mman.h>

#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "km/mem/address_space.h"
#include "tests/unit/mem/fake_slots.h"

using namespace kontain;
using namespace kontain::mem;
using test::FakeSlots;

namespace {

constexpr uint64_t kPages = 4096;
constexpr uint64_t kBase = kHighStart + (256ull << 30);
constexpr int kUnmapped = -1;

struct Page {
  int protection = kUnmapped;
  uint32_t value = 0;
};

class Fuzzer {
 public:
  explicit Fuzzer(unsigned seed) : random_(seed), pages_(kPages) {}

  void step() {
    const uint64_t first = pick(kPages);
    uint64_t count = 1 + (pick(8) == 0 ? pick(1500) : pick(40));
    if (first + count > kPages) count = kPages - first;
    switch (pick(10)) {
      case 0:
      case 1:
        unmap(first, count);
        break;
      case 2:
      case 3:
      case 4:
        map(first, count);
        break;
      case 5:
      case 6:
      case 7:
        protect(first, count);
        break;
      case 8:
        drop(first, count);
        break;
      default:
        move(first, count);
    }
    for (int i = 0; i < 16; ++i) visit(i < 8 ? first + pick(count) : pick(kPages));
  }

  std::optional<std::string> check() { return memory_.check_consistency(); }

 private:
  uint64_t pick(uint64_t limit) { return random_() % limit; }
  uint64_t address(uint64_t page) const { return kBase + page * 4096; }
  bool all_mapped(uint64_t first, uint64_t count) const {
    for (uint64_t i = first; i < first + count; ++i) {
      if (pages_[i].protection == kUnmapped) return false;
    }
    return true;
  }
  int random_protection() {
    static constexpr int kChoices[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC};
    return kChoices[pick(4)];
  }

  void unmap(uint64_t first, uint64_t count) {
    REQUIRE(memory_.unmap(address(first), count * 4096));
    for (uint64_t i = first; i < first + count; ++i) pages_[i] = {};
  }
  void map(uint64_t first, uint64_t count) {
    const int protection = random_protection();
    REQUIRE(memory_.map({address(first), count * 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0}));
    for (uint64_t i = first; i < first + count; ++i) pages_[i] = {protection, 0};
  }
  void protect(uint64_t first, uint64_t count) {
    if (!all_mapped(first, count)) return;
    const int protection = random_protection();
    REQUIRE(memory_.protect(address(first), count * 4096, protection));
    for (uint64_t i = first; i < first + count; ++i) pages_[i].protection = protection;
  }
  void drop(uint64_t first, uint64_t count) {
    if (!all_mapped(first, count)) return;
    REQUIRE(memory_.advise(address(first), count * 4096, MADV_DONTNEED));
    for (uint64_t i = first; i < first + count; ++i) pages_[i].value = 0;
  }
  void move(uint64_t first, uint64_t count) {
    const uint64_t target = pick(kPages);
    if (target + count > kPages || (target < first + count && first < target + count)) return;
    for (uint64_t i = first; i < first + count; ++i) {
      if (pages_[i].protection == kUnmapped || pages_[i].protection != pages_[first].protection) return;
    }
    constexpr int kFlags = MREMAP_MAYMOVE | MREMAP_FIXED;
    // Neighbours of equal rights may still be two mappings to the host: then it refuses, and nothing has changed.
    if (!memory_.remap(address(first), count * 4096, count * 4096, kFlags, address(target))) return refused_move(target, count);
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

  // What the payload would see: the fault handler's answer, then the page-table entry, then the value.
  void visit(uint64_t index) {
    Page& page = pages_[index];
    const uint64_t at = address(index);
    const bool may_write = page.protection != kUnmapped && (page.protection & PROT_WRITE);
    const bool may_read = page.protection > 0;
    const bool faults = memory_.handle_fault(at, x86::kFaultWrite).has_value();
    CHECK(faults == !may_write);
    CHECK(memory_.handle_fault(at, 0).has_value() == !may_read);
    CHECK((tables_.leaf(at) != 0) == may_read);
    if (may_read) CHECK(*reinterpret_cast<volatile uint32_t*>(at) == page.value);
    if (may_write) {
      page.value = static_cast<uint32_t>(random_());
      *reinterpret_cast<volatile uint32_t*>(at) = page.value;
    }
  }

  std::mt19937 random_;
  std::vector<Page> pages_;
  FakeSlots slots_;
  std::unique_ptr<GuestPhysical> physical_ = std::move(GuestPhysical::create(slots_).value());
  PageTables tables_ = PageTables::create(*physical_).value();
  AddressSpace memory_{*physical_, tables_};
};

}  // namespace

TEST_CASE("mem fuzz: tree, page tables and host agree with the model") {
  NEEDS_RANGES();
  for (unsigned seed = 1; seed <= 4; ++seed) {
    Fuzzer fuzzer(seed);
    for (int i = 0; i < 3000; ++i) {
      fuzzer.step();
      if (i % 200 != 0) continue;
      const auto found = fuzzer.check();
      INFO("seed " << seed << " step " << i << ": " << found.value_or(""));
      REQUIRE_FALSE(found);
    }
    reserve_range(kBase, kBase + kPages * 4096);
  }
}
