// Replacing system call instructions of the payload's text (call_sites.h), and putting them back before the text
// changes.
#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/host_call.h"
#include "km/mem/address_space.h"

namespace kontain::mem {
namespace {

constexpr size_t kEntrySize = 8;
constexpr uint64_t kLandingStep = 16;
constexpr uint64_t kCacheLine = 64;

// Program text of a file that only this process sees, and cannot write.
bool is_text(const Vma& vma) {
  return !vma.anonymous && !vma.shared && (vma.protection & PROT_EXEC) && !(vma.protection & PROT_WRITE);
}

// Two bytes there cannot be written at once.
bool crosses_line(uint64_t address) { return address % kCacheLine == kCacheLine - 1; }

// Text is written through the host's mapping, which is made writable for that long; the guest's never is.
class WritableText {
 public:
  WritableText(uint64_t start, uint64_t end)
      : start_(page_down(start)), size_(page_up(end) - start_), is_open_(protect(PROT_READ | PROT_WRITE)) {}
  ~WritableText() {
    if (is_open_) protect(PROT_READ);
  }
  WritableText(const WritableText&) = delete;
  WritableText& operator=(const WritableText&) = delete;

  template <size_t N>
  [[nodiscard]] bool write(uint64_t address, const std::array<std::byte, N>& bytes) const {
    return is_open_ && poke(address, bytes.data(), N);
  }
  // Other processors may be about to execute it: both bytes at once.
  [[nodiscard]] bool write(uint64_t address, const std::array<std::byte, 2>& bytes) const {
    uint16_t both = 0;
    std::memcpy(&both, bytes.data(), sizeof both);
    return is_open_ && poke_halfword(address, both);
  }

 private:
  bool protect(int protection) const {
    return host_call(SYS_mprotect, start_, size_, static_cast<uint64_t>(protection)) == 0;
  }
  uint64_t start_;
  uint64_t size_;
  bool is_open_;
};

bool can_be_written(const Hole& hole) { return !hole.is_open || !crosses_line(hole.over()); }

template <size_t N>
bool write_hole(const WritableText& text, const Hole& hole, const std::array<std::byte, N>& jump) {
  if (hole.is_open && !text.write(hole.over(), *short_jump(hole.over(), hole.jump + hole.size))) return false;
  return text.write(hole.jump, jump);
}

}  // namespace

CallSites::Text* AddressSpace::text_for_sites(const Vma& vma, uint64_t entry) {
  if (CallSites::Text* known = sites_.find(vma.start)) return known;
  CallSites::Text text = {.start = vma.start, .end = vma.end, .sites = {}};
  const uint64_t end = vma.accessible_end();
  std::array<std::byte, kPageSize> last;
  if (end - vma.start < kPageSize || !peek(last.data(), end - kPageSize, kPageSize)) return nullptr;
  const size_t room = padding_at_end(last) & ~size_t{kLandingStep - 1};
  if (room >= kEntrySize + kLandingSize) {
    std::array<std::byte, kEntrySize> pointer;
    std::memcpy(pointer.data(), &entry, sizeof entry);
    text.entry_pointer = end - room;
    if (!WritableText(text.entry_pointer, end).write(text.entry_pointer, pointer)) return nullptr;
    text.next_landing = text.entry_pointer + kLandingStep;
    text.landings_end = end;
  }
  return &sites_.add(text);
}

bool AddressSpace::replace_call_site(uint64_t return_address, uint64_t entry) {
  const uint64_t site = return_address - kSyscallInstruction.size();
  std::scoped_lock hold(lock_);
  const Vma* vma = in_guest(site, 2) ? tree_.find(site) : nullptr;
  if (!vma || !is_text(*vma) || return_address > vma->accessible_end()) return false;
  std::array<std::byte, 2 * kWayReach> around;
  const uint64_t start = std::max(vma->start, site - std::min(site, kWayReach));
  const uint64_t end = std::min(vma->accessible_end(), site + kWayReach);
  const std::span<std::byte> text(around.data(), end - start);
  if (!peek(text.data(), start, text.size())) return false;
  if (!std::ranges::equal(text.subspan(site - start, 2), kSyscallInstruction)) return false;
  const auto way = find_way(text, start, site);
  if (!way || crosses_line(site) || !can_be_written(way->hole) || (way->stone && !can_be_written(*way->stone))) {
    return false;
  }
  CallSites::Text* const known = text_for_sites(*vma, entry);
  if (!known || known->next_landing + kLandingSize > known->landings_end) return false;
  const uint64_t landing = known->next_landing;
  const auto at_landing = landing_code(landing, site, known->entry_pointer);
  const auto at_hole = hole_jump(way->hole.jump, landing);
  // From the end of the way to its beginning: nobody goes it before it is whole.
  if (!at_landing || !at_hole || !WritableText(landing, landing + kLandingSize).write(landing, *at_landing))
    return false;
  const WritableText near(start, end);
  if (!write_hole(near, way->hole, *at_hole)) return false;
  known->next_landing += kLandingStep;
  sites_.note_code(landing, landing + kLandingSize, site);
  sites_.note_code(way->hole.jump, way->hole.jump + kHoleJumpSize, site);
  if (way->stone) {
    if (!write_hole(near, *way->stone, *short_jump(way->stone->jump, way->hole.jump))) return false;
    sites_.note_code(way->stone->jump, way->stone->jump + kShortJumpSize, site);
  }
  any_sites_.store(true, std::memory_order_release);
  if (!near.write(site, *short_jump(site, way->first()))) return false;
  known->sites.push_back(site);
  return true;
}

// Before anything about [start, end) changes. A text that stays gets its instructions back; one that goes as a whole
// need not. A thread that is on the way goes it to its end: hole and landing stay as they are.
void AddressSpace::put_sites_back(uint64_t start, uint64_t end, Contents contents) {
  if (sites_.empty()) return;
  sites_.for_each(start, end, [&](const CallSites::Text& text) {
    if (contents == Contents::Go && start <= text.start && text.end <= end) return;
    for (const uint64_t site : text.sites) {
      static_cast<void>(WritableText(site, site + 2).write(site, kSyscallInstruction));
    }
  });
  sites_.forget(start, end);
}

std::optional<uint64_t> AddressSpace::call_site_of(uint64_t pc) {
  if (!any_sites_.load(std::memory_order_acquire)) return std::nullopt;
  std::scoped_lock hold(lock_);
  return sites_.site_of(pc);
}

}  // namespace kontain::mem
