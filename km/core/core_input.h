// What a core file is made of, as plain data: the caller collects it, km/core only writes it down.
#pragma once

#include <signal.h>
#include <sys/time.h>
#include <sys/user.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace kontain::core {

struct CoreThread {
  pid_t tid = 0;
  // As PTRACE_GETREGS shows them: with fs_base and gs_base; orig_rax is the call's number when the thread is in a
  // system call, else -1.
  user_regs_struct registers{};
  uint64_t pending = 0;  // bit n-1 is signal n
  uint64_t held = 0;     // the signal mask
  // The standard (not compacted) XSAVE image, cut to the size CPUID.0xD gives for `CoreInput::xcr0`; at least its
  // legacy part of 512 bytes and its header of 64, or empty when nothing is known.
  std::vector<std::byte> xsave{};
  timeval user_time{};
  timeval system_time{};
};

// What is behind a mapping; decides whether Linux dumps it.
enum class Backing : uint8_t {
  Anonymous,
  File,
  UnlinkedFile,  // a file without a name (memfd, /dev/shm after unlink): shared mappings of it count as anonymous
  Device,        // I/O memory: never read
  Vdso,          // always dumped: without it no backtrace crosses the vDSO
};

// One mapping; page-aligned.
struct CoreMapping {
  uint64_t start = 0;
  uint64_t end = 0;
  int protection = 0;  // PROT_READ | PROT_WRITE | PROT_EXEC
  Backing backing = Backing::Anonymous;
  bool shared = false;
  // A private mapping that is or once was writable, so that it may hold pages of its own (a RELRO area is read-only
  // when the program runs, but its contents are not the file's). Means nothing for other mappings.
  bool written = false;
  bool dont_dump = false;    // madvise(MADV_DONTDUMP)
  uint64_t file_offset = 0;  // bytes, page-aligned
  std::string file_name{};   // absolute, as in /proc/PID/maps; empty for what has no name
};

// NT_PRPSINFO.
struct CoreProcess {
  pid_t pid = 0, ppid = 0, pgrp = 0, sid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  char state = 'R';  // the crashing thread runs
  int8_t nice = 0;
  std::string name{};                    // comm, at most 15 bytes count
  std::vector<std::string> arguments{};  // argv; the first 79 bytes count
};

// /proc/PID/coredump_filter (core(5)): a new process has these bits.
inline constexpr uint32_t kAnonymousPrivate = 1 << 0;
inline constexpr uint32_t kAnonymousShared = 1 << 1;
inline constexpr uint32_t kFilePrivate = 1 << 2;
inline constexpr uint32_t kFileShared = 1 << 3;
inline constexpr uint32_t kElfHeaders = 1 << 4;
inline constexpr uint32_t kHugePrivate = 1 << 5;
inline constexpr uint32_t kDefaultFilter = kAnonymousPrivate | kAnonymousShared | kElfHeaders | kHugePrivate;

struct CoreInput {
  CoreProcess process;
  std::vector<CoreThread> threads;  // at least one; the crashing thread first
  siginfo_t signal{};               // why it ends; si_signo is every thread's pr_cursig
  std::vector<CoreMapping> mappings;
  std::vector<std::byte> auxv;  // /proc/PID/auxv, with AT_NULL
  uint64_t xcr0 = 0;            // which state components the XSAVE images hold
  uint32_t filter = kDefaultFilter;
  uint64_t limit = ~0ULL;  // soft RLIMIT_CORE in bytes: no more than this is written; holes do not count
};

// The memory to dump. A range passed in is page-aligned and inside one mapping.
class CoreMemory {
 public:
  virtual ~CoreMemory() = default;
  // Copies `size` bytes. False when a byte cannot be read: such pages become holes, which read as zeroes.
  virtual bool read(uint64_t address, void* to, size_t size) = 0;
  // The first page in [address, end) that may hold anything but zeroes, else `end`. Keeps a reserved terabyte from
  // being read page by page; must not miss a page that is swapped out (so pagemap, not mincore).
  virtual uint64_t next_populated(uint64_t address, [[maybe_unused]] uint64_t end) { return address; }
};

}  // namespace kontain::core
