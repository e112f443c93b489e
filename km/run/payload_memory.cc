#include "km/run/payload_memory.h"

#include <sys/mman.h>

#include <algorithm>

#include "base/checked.h"

namespace kontain::run {
namespace {

// The host's kernel writes into the stack too, and it cannot grow one: so much of it is mapped from the start, the
// rest of a larger limit grows by page fault.
constexpr uint64_t kStackMappedAtOnce = 8 << 20;

}  // namespace

mem::GuestResult<void> PayloadMemory::map(const mem::MapRequest& request) {
  const auto mapped = memory_.map(request);
  if (!mapped) return tl::make_unexpected(mapped.error());
  return {};
}

mem::GuestResult<void> PayloadMemory::map_file(const UniqueFd& fd, uint64_t offset, uint64_t address, uint64_t length,
                                               int protection) {
  return map({address, length, protection, MAP_PRIVATE | MAP_FIXED, fd.get(), offset});
}

mem::GuestResult<void> PayloadMemory::map_anonymous(uint64_t address, uint64_t length, int protection) {
  return map({address, length, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0});
}

mem::GuestResult<void> PayloadMemory::map_stack(uint64_t top, uint64_t length, int protection) {
  const uint64_t limited = page_up(std::min(stack_limit_, kStackMappedAtOnce));
  const uint64_t size = std::max(length, limited);
  memory_.set_stack_top(top);
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN | MAP_STACK;
  return map({top - size, size, protection, kFlags, -1, 0});
}

}  // namespace kontain::run
