// Seccomp filters of the payload: classic BPF over its system calls, interpreted here. In the host's kernel they would
// miss calls that km answers itself, and hit those of km's own. See seccomp(2), Documentation/userspace-api/
// seccomp_filter.rst and, for the machine, Documentation/networking/filter.rst.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kontain::seccomp {

// One program that has been found safe to run: it only reads the call, jumps forward, and ends.
class Filter {
 public:
  // Nothing when the kernel would refuse it with EINVAL.
  static std::optional<Filter> create(std::span<const sock_filter> program);

  // SECCOMP_RET_*, with its data.
  uint32_t run(const seccomp_data& call) const;
  std::span<const sock_filter> program() const { return program_; }

 private:
  explicit Filter(std::vector<sock_filter> program) : program_(std::move(program)) {}
  std::vector<sock_filter> program_;
};

// The filters of one thread, newest first; immutable. Threads, forks and executed programs share or copy it. Links are
// never freed: other threads may be in them.
struct Chain {
  Filter filter;
  const Chain* previous = nullptr;  // installed before
  size_t cost = 0;                  // instructions, and four for each filter, as the kernel counts them
};

inline constexpr size_t kHighestCost = 32768;  // MAX_INSNS_PER_PATH

// nullptr: too many, or no memory.
const Chain* extend(const Chain* previous, Filter filter);

// All filters' answers: the first of the most severe.
uint32_t judge(const Chain& chain, const seccomp_data& call);

// True when `older` is `chain` or one of those before it.
bool descends_from(const Chain* chain, const Chain* older);

// The programs as bytes, oldest first, for a process that begins; and back. nullptr when one is no filter.
std::vector<std::string> encode(const Chain* chain);
std::optional<const Chain*> decode(const std::vector<std::string>& programs);

// SECCOMP_SET_MODE_STRICT as a filter.
Filter strict_filter();

}  // namespace kontain::seccomp
