// Page faults of the payload: entries that were left out on purpose are filled, everything else is a signal.
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <tuple>

#include "base/checked.h"
#include "base/host_call.h"
#include "km/mem/address_space.h"
#include "km/mem/host_memory.h"

namespace kontain::mem {
namespace {

// A fault in a file mapping fills so much of it, if the file can be trusted to have it.
constexpr uint64_t kFileFill = 16ull << 20;
// Where it cannot, so much is tried at once: what readahead brings in anyway.
constexpr uint64_t kFileTry = 16 * kPageSize;
// A page may be tried this often while other threads change mappings.
constexpr int kTries = 8;
// KVM_RUN may fail this often in a row: while mappings change, and after everything of files was dropped.
constexpr int kHostFaultsWhileChanging = 64;
constexpr int kHostFaultsAfterDrop = 8;
constexpr int kCopyTries = 3;

std::atomic<AddressSpace*> g_serving{nullptr};

int needed_protection(uint64_t error_code) {
  if (error_code & x86::kFaultFetch) return PROT_EXEC;
  return error_code & x86::kFaultWrite ? PROT_WRITE : PROT_READ;
}

// x86 grants reading with any other right.
bool grants(int protection, int needed) { return needed == PROT_READ ? protection != 0 : (protection & needed) != 0; }

bool leaf_grants(uint64_t leaf, int needed) {
  if (leaf == 0) return false;
  if (needed == PROT_WRITE) return leaf & x86::kPteWrite;
  if (needed == PROT_EXEC) return !(leaf & x86::kPteNoExecute);
  return true;
}

bool is_same_page(const Vma& before, const Vma& now, uint64_t page) {
  return std::tie(before.device, before.inode, before.shared, before.protection, before.anonymous) ==
             std::tie(now.device, now.inode, now.shared, now.protection, now.anonymous) &&
         before.offset + (page - before.start) == now.offset + (page - now.start);
}

// Brings in file pages as an access would; the host's result.
long try_pages(uint64_t start, uint64_t end, int needed) {
  const int advice = needed == PROT_WRITE ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;
  const long result = host_call(SYS_madvise, start, end - start, static_cast<uint64_t>(advice));
  if (result != -EINVAL || end - start > kPageSize) return result;
  return touch(start) ? 0 : -EFAULT;  // a kernel before 5.14 does not know this advice
}

FaultSignal bus_error(long result) { return {SIGBUS, result == -EHWPOISON ? BUS_MCEERR_AR : BUS_ADRERR}; }

}  // namespace

std::optional<FaultSignal> AddressSpace::handle_fault(uint64_t address, uint64_t error_code) {
  if (!in_guest(address, 1)) {
    // The kernel's half is never mapped for a program, whatever the processor says about it.
    const bool system_page = (error_code & x86::kFaultPresent) && address < x86::kTaskSizeMax;
    return FaultSignal{SIGSEGV, system_page ? SEGV_ACCERR : SEGV_MAPERR};
  }
  const int needed = needed_protection(error_code);
  const uint64_t page = page_down(address);
  std::unique_lock hold(lock_);
  for (int tries = 1;; ++tries) {
    const Vma* vma = tree_.find(address);
    if (!vma) vma = grow_down(address);
    if (!vma) return FaultSignal{SIGSEGV, SEGV_MAPERR};
    if (!grants(vma->protection, needed)) return FaultSignal{SIGSEGV, SEGV_ACCERR};
    if (leaf_grants(tables_.leaf(page), needed)) return std::nullopt;  // another thread was faster
    if (vma->anonymous) return fault_in_memory(*vma, address, needed);
    if (!files_shrink_ && page < vma->accessible_end()) return fault_in_file(*vma, address, needed);
    const uint64_t changes = changes_;
    const long result = try_file(hold, Vma(*vma), page, needed);
    if (result == 0) return std::nullopt;
    if (tries == kTries || (changes == changes_ && result != -EAGAIN && result != -EINTR)) return bus_error(result);
  }
}

// As readahead: twice as much where the last part has come to its end, in either direction.
AddressSpace::Run AddressSpace::touched_run(const Vma& vma, uint64_t address) {
  Run run = {align_down(address, kTouchFill), align_down(address, kTouchFill) + kTouchFill};
  Run* slot = nullptr;
  for (Run& last : touched_) {
    const uint64_t size = std::min(2 * (last.end - last.start), kLargestTouchFill);
    if (last.end == run.start && last.end != 0) {
      run.end = run.start + size;
    } else if (last.start == run.end) {
      run.start = run.end - std::min(size, run.end);
    } else {
      continue;
    }
    slot = &last;
    break;
  }
  if (!slot) slot = &touched_[oldest_touched_++ % touched_.size()];
  *slot = run;
  return {std::max(run.start, vma.start), std::min(run.end, vma.end)};
}

std::optional<FaultSignal> AddressSpace::fault_in_memory(const Vma& vma, uint64_t address, int needed) {
  if (vma.comes_by_touch()) {
    const Run run = touched_run(vma, address);
    // What is only read is one page of zeros to the host, as natively.
    const bool filled = needed == PROT_WRITE
                            ? fill_touched(vma, run.start, run.end)
                            : tables_.map(run.start, run.end, vma.protection, LeafSize::Small, vma.start, vma.end);
    if (filled || leaf_grants(tables_.leaf(address), needed)) return std::nullopt;
    return FaultSignal{SIGBUS, BUS_ADRERR};
  }
  const uint64_t start = std::max(vma.start, align_down(address, kWindowSize));
  const uint64_t end = std::min(vma.end, align_down(address, kWindowSize) + kWindowSize);
  const LeafSize leaf = vma.shared ? LeafSize::Small : LeafSize::LargeAllowed;
  if (tables_.map(start, end, vma.protection, leaf, vma.start, vma.end)) return std::nullopt;
  if (leaf_grants(tables_.leaf(address), needed)) return std::nullopt;  // memory ran out behind the page that matters
  return FaultSignal{SIGBUS, BUS_ADRERR};
}

std::optional<FaultSignal> AddressSpace::fault_in_file(const Vma& vma, uint64_t address, int needed) {
  const uint64_t start = std::max(vma.start, align_down(address, kFileFill));
  const uint64_t end = std::min(vma.accessible_end(), align_down(address, kFileFill) + kFileFill);
  if (fill_file(vma, start, end, vma.protection)) return std::nullopt;
  if (leaf_grants(tables_.leaf(address), needed)) return std::nullopt;
  return FaultSignal{SIGBUS, BUS_ADRERR};
}

// The file system decides, and may take its time: the lock is not held meanwhile. Where pages of a shared mapping were
// only read, writing them is another question, asked by another fault. 0 or -errno.
long AddressSpace::try_file(std::unique_lock<Lock>& hold, const Vma& vma, uint64_t page, int needed) {
  Run run = {page, page + kPageSize};
  long result = -EFAULT;
  hold.unlock();
  if (needed != PROT_WRITE) {
    const uint64_t start = align_down(page, kFileTry);
    run = {std::max(vma.start, start), std::min(vma.end, start + kFileTry)};
    result = try_pages(run.start, run.end, needed);
  }
  if (result < 0) {
    run = {page, page + kPageSize};
    result = try_pages(run.start, run.end, needed);
  }
  hold.lock();
  if (result < 0) return result;
  const Vma* now = tree_.find(page);
  if (!now || !is_same_page(vma, *now, page)) return -EAGAIN;
  int protection = now->protection;
  if (now->shared && needed != PROT_WRITE) protection = (protection & ~PROT_WRITE) | PROT_READ;
  const uint64_t start = std::max(run.start, now->start);
  const uint64_t end = std::min(run.end, now->end);
  return fill_file(*now, start, end, protection) || leaf_grants(tables_.leaf(page), needed) ? 0 : -ENOMEM;
}

AddressSpace* AddressSpace::serving() { return g_serving; }

// As Linux's expand_downwards. The host cannot do it: to it the stack is an ordinary mapping.
const Vma* AddressSpace::grow_down(uint64_t address) {
  const Vma* stack = tree_.first_above(address);
  const uint64_t limit = stack_limit_.load(std::memory_order_relaxed);
  const uint64_t new_start = page_down(address);
  if (!stack || !stack->grows_down || stack->end - new_start > limit) return nullptr;
  const Vma* below = tree_.before(*stack);
  const bool keeps_distance = below && !below->grows_down && below->protection != 0;
  if (keeps_distance && new_start < below->end + kStackGuard) return nullptr;
  Vma grown = *stack;
  grown.end = stack->start;
  grown.start = new_start;
  grown.file_end = grown.end;
  const uint64_t length = grown.end - grown.start;
  if (!may_add(length, grown)) return nullptr;
  const MapRequest request = {grown.start, length, grown.protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0};
  if (!in_guest(grown.start, length) || host_map(grown, request) < 0) return nullptr;
  ++changes_;
  // What else was asked for the stack holds for all of it.
  if (grown.dont_fork) host_call(SYS_madvise, grown.start, length, MADV_DONTFORK);
  if (grown.wipe_on_fork) host_call(SYS_madvise, grown.start, length, MADV_WIPEONFORK);
  tree_.insert(grown);
  fill_new(grown, grown.start, grown.end);
  return tree_.find(address);
}

bool AddressSpace::grow_stack_for(uint64_t address, uint64_t size) {
  if (!in_guest(address, size)) return false;
  std::scoped_lock hold(lock_);
  return !tree_.find(address) && grow_down(address);
}

bool AddressSpace::resolve_failed_copy(uint64_t address, uint64_t size, bool write) {
  if (size == 0 || !in_guest(address, size)) return false;
  std::scoped_lock hold(lock_);
  if (!tree_.find(address) && !grow_down(address)) return false;
  const uint64_t end = page_up(address + size);
  uint64_t reached = page_down(address);
  for (const Vma* vma = tree_.find(reached); vma && reached < end; vma = tree_.find(reached)) {
    if (!grants(vma->protection, write ? PROT_WRITE : PROT_READ)) return false;
    reached = vma->end;
  }
  return reached >= end;
}

void AddressSpace::serve_failed_copies() {
  g_serving = this;
  set_copy_resolver([](uint64_t address, uint64_t size, bool write, int tries) {
    return tries < kCopyTries && g_serving.load()->resolve_failed_copy(address, size, write);
  });
}

// The first failure may come from a change of mappings under way in another thread: with the lock taken it is over. If
// nothing has changed since, a file has most likely shrunk. Without the entries of file mappings the access faults
// again, this time with its address, and then the page is tried before it gets an entry.
bool AddressSpace::retry_after_host_fault(HostFaults& faults) {
  std::scoped_lock hold(lock_);
  const bool moved = faults.in_a_row == 0 || faults.changes != changes_;
  faults.changes = changes_;
  if (moved && ++faults.in_a_row < kHostFaultsWhileChanging) return true;
  drop_file_entries();
  return ++faults.drops < kHostFaultsAfterDrop;
}

void AddressSpace::drop_file_entries() {
  for (const uint64_t chunk : file_chunks_) {
    const uint64_t end = chunk + x86::kLargePageSize;
    for (const Vma* vma = tree_.first_above(chunk); vma && vma->start < end; vma = tree_.first_above(vma->end)) {
      if (!vma->anonymous) tables_.clear(std::max(chunk, vma->start), std::min(end, vma->end));
    }
  }
  tables_.release_tables();
  file_chunks_.clear();
  files_shrink_ = true;
}

}  // namespace kontain::mem
