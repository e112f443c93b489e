#include "km/mem/copy.h"

#include <limits.h>
#include <signal.h>
#include <ucontext.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/checked.h"
#include "base/error.h"

extern "C" {
size_t kontain_guest_copy(void* destination, const void* source, size_t size);
size_t kontain_guest_clear(void* destination, size_t size);
size_t kontain_guest_exchange(void* word, uint32_t expected, uint32_t desired, uint32_t* found);
size_t kontain_guest_store(void* word, uint16_t value);
extern const char kontain_guest_copy_start[], kontain_guest_copy_end[];
extern const char kontain_guest_clear_start[], kontain_guest_clear_end[];
extern const char kontain_guest_exchange_start[], kontain_guest_exchange_end[];
extern const char kontain_guest_store_start[], kontain_guest_store_end[];
}

namespace kontain::mem {
namespace {

// SAFETY: every caller has checked the range; a fault inside it is repaired.
void* host_pointer(uint64_t address) { return reinterpret_cast<void*>(address); }

std::atomic<CopyResolver> g_resolver{nullptr};

// A copy may have failed only because a stack has to grow, or because its mapping was just being changed.
template <class Copy>
bool retry(const GuestSpan& span, bool write, Copy&& copy) {
  for (int tries = 0;; ++tries) {
    if (copy()) return true;
    const CopyResolver resolver = g_resolver.load(std::memory_order_relaxed);
    if (!resolver || !resolver(span.address, span.size, write, tries)) return false;
  }
}

struct FaultingRange {
  const char* start;
  const char* end;
};

// Where to go on after a fault at `pc`, or 0 when the fault is not ours to repair.
uint64_t fixup_for(uint64_t pc) {
  static constexpr FaultingRange kRanges[] = {{kontain_guest_copy_start, kontain_guest_copy_end},
                                              {kontain_guest_clear_start, kontain_guest_clear_end},
                                              {kontain_guest_exchange_start, kontain_guest_exchange_end},
                                              {kontain_guest_store_start, kontain_guest_store_end}};
  for (const FaultingRange& range : kRanges) {
    const auto start = reinterpret_cast<uint64_t>(range.start);
    const auto end = reinterpret_cast<uint64_t>(range.end);
    if (pc >= start && pc < end) return end;
  }
  return 0;
}

void on_fault(int signal, siginfo_t* info, void* context) {
  if (repair_fault(info, context)) return;
  // Not a copy: with the default action the same instruction ends the process.
  struct sigaction fatal = {};
  fatal.sa_handler = SIG_DFL;
  sigaction(signal, &fatal, nullptr);
}

}  // namespace

bool repair_fault(const siginfo_t* info, void* context) {
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const auto address = reinterpret_cast<uint64_t>(info->si_addr);
  const uint64_t resume = fixup_for(static_cast<uint64_t>(registers[REG_RIP]));
  if (info->si_code <= 0 || resume == 0 || !in_guest(address, 1)) return false;
  registers[REG_RIP] = static_cast<greg_t>(resume);
  return true;
}

void set_copy_resolver(CopyResolver resolver) { g_resolver.store(resolver, std::memory_order_relaxed); }

bool touch(uint64_t guest_address) {
  char byte;
  return in_guest(guest_address, 1) && kontain_guest_copy(&byte, host_pointer(guest_address), 1) == 0;
}

bool peek(void* destination, uint64_t guest_source, size_t size) {
  return in_guest(guest_source, size) && kontain_guest_copy(destination, host_pointer(guest_source), size) == 0;
}

bool poke(uint64_t guest_destination, const void* source, size_t size) {
  return in_guest(guest_destination, size) && kontain_guest_copy(host_pointer(guest_destination), source, size) == 0;
}

bool poke_halfword(uint64_t guest_destination, uint16_t value) {
  return in_guest(guest_destination, sizeof value) && kontain_guest_store(host_pointer(guest_destination), value) == 0;
}

bool copy_in(void* destination, uint64_t guest_source, size_t size) {
  if (!in_guest(guest_source, size)) return size == 0;
  return retry({guest_source, size}, false,
               [&] { return kontain_guest_copy(destination, host_pointer(guest_source), size) == 0; });
}

bool copy_out(uint64_t guest_destination, const void* source, size_t size) {
  if (!in_guest(guest_destination, size)) return size == 0;
  return retry({guest_destination, size}, true,
               [&] { return kontain_guest_copy(host_pointer(guest_destination), source, size) == 0; });
}

bool clear_out(uint64_t guest_destination, size_t size) {
  if (!in_guest(guest_destination, size)) return size == 0;
  return retry({guest_destination, size}, true,
               [&] { return kontain_guest_clear(host_pointer(guest_destination), size) == 0; });
}

std::optional<uint32_t> compare_exchange(GuestPtr<uint32_t> word, uint32_t expected, uint32_t desired) {
  if (word.address() % sizeof(uint32_t) != 0 || !in_guest(word.address(), sizeof(uint32_t))) return std::nullopt;
  uint32_t found = 0;
  if (kontain_guest_exchange(host_pointer(word.address()), expected, desired, &found) != 0) return std::nullopt;
  return found;
}

GuestResult<std::string> load_string(GuestPtr<const char> source, size_t limit) {
  std::string text;
  uint64_t address = source.address();
  while (text.size() < limit) {
    // Never across a page at once: the string may end just before an unmapped one.
    const uint64_t to_page_end = kPageSize - (address & (kPageSize - 1));
    char chunk[256];
    const size_t wanted = std::min({sizeof chunk, static_cast<size_t>(to_page_end), limit - text.size()});
    if (!copy_in(chunk, address, wanted)) return tl::make_unexpected(Errno{EFAULT});
    const size_t length = strnlen(chunk, wanted);
    text.append(chunk, length);
    if (length < wanted) return text;
    address += wanted;
  }
  return tl::make_unexpected(Errno{ENAMETOOLONG});
}

GuestResult<std::vector<iovec>> load_iovecs(GuestPtr<const iovec> source, uint64_t count) {
  if (count > IOV_MAX) return tl::make_unexpected(Errno{EINVAL});
  std::vector<iovec> vectors(count);
  if (!copy_in(vectors.data(), source.address(), count * sizeof(iovec))) return tl::make_unexpected(Errno{EFAULT});
  uint64_t total = 0;
  for (const iovec& vector : vectors) {
    const auto sum = checked_add(total, vector.iov_len);
    if (vector.iov_len > SSIZE_MAX || !sum || *sum > SSIZE_MAX) return tl::make_unexpected(Errno{EINVAL});
    total = *sum;
    if (vector.iov_len != 0 && !in_guest(reinterpret_cast<uint64_t>(vector.iov_base), vector.iov_len)) {
      return tl::make_unexpected(Errno{EFAULT});
    }
  }
  return vectors;
}

void install_fault_fixup() {
  struct sigaction action = {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  for (int signal : {SIGSEGV, SIGBUS}) KONTAIN_CHECK(sigaction(signal, &action, nullptr) == 0);
}

}  // namespace kontain::mem
