#include "km/trace/filter.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/text.h"

namespace kontain::trace {
namespace {

using abi::ArgKind;
using abi::SyscallRow;

// A class is every call with an argument of one of `kinds`, and the calls `names`.
struct CallClass {
  std::string_view name;
  std::span<const ArgKind> kinds;
  std::span<const std::string_view> names;
};

constexpr ArgKind kFileKinds[] = {ArgKind::Path};
constexpr std::string_view kFileNames[] = {"getcwd"};
constexpr ArgKind kDescriptorKinds[] = {ArgKind::Fd, ArgKind::DirFd, ArgKind::IntPairOut, ArgKind::PollFds,
                                        ArgKind::FdSetInOut};
constexpr std::string_view kDescriptorNames[] = {
    "open",         "creat",          "epoll_create", "epoll_create1",  "eventfd",       "eventfd2",
    "inotify_init", "inotify_init1",  "memfd_create", "timerfd_create", "fanotify_init", "perf_event_open",
    "userfaultfd",  "io_uring_setup", "fsopen",       "close_range",    "memfd_secret",  "pidfd_open",
    "bpf"};
constexpr ArgKind kNetworkKinds[] = {ArgKind::SocketDomain, ArgKind::SockaddrIn, ArgKind::SockaddrOut,
                                     ArgKind::SockLevel,    ArgKind::MsgFlags,   ArgKind::ShutdownHow};
constexpr std::string_view kNetworkNames[] = {"listen", "sendfile"};
constexpr ArgKind kMemoryKinds[] = {ArgKind::MmapProt,   ArgKind::MremapFlags, ArgKind::Madvice,
                                    ArgKind::MsyncFlags, ArgKind::MlockFlags,  ArgKind::ResidencyOut};
constexpr std::string_view kMemoryNames[] = {
    "brk",           "munmap",     "mlock", "munlock",       "munlockall", "mlock2", "mbind",           "set_mempolicy",
    "get_mempolicy", "move_pages", "shmat", "migrate_pages", "shmdt",      "mseal",  "map_shadow_stack"};
constexpr ArgKind kProcessKinds[] = {ArgKind::ExitStatus, ArgKind::StringVector, ArgKind::WaitOptions,
                                     ArgKind::CloneFlags};
constexpr std::string_view kProcessNames[] = {
    "fork", "vfork", "clone3", "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal"};
constexpr ArgKind kSignalKinds[] = {ArgKind::Signal, ArgKind::SigactionIn, ArgKind::SigprocmaskHow, ArgKind::StackIn};
constexpr std::string_view kSignalNames[] = {"pause",           "rt_sigreturn",  "rt_sigpending", "rt_sigtimedwait",
                                             "rt_sigqueueinfo", "rt_sigsuspend", "signalfd",      "signalfd4"};
constexpr ArgKind kCredentialKinds[] = {ArgKind::CapHeader, ArgKind::IdOut, ArgKind::IdListIn, ArgKind::IdListOut};
constexpr std::string_view kCredentialNames[] = {"getuid",   "getgid",   "geteuid",  "getegid",   "setuid",
                                                 "setgid",   "setreuid", "setregid", "setresuid", "setresgid",
                                                 "setfsuid", "setfsgid", "prctl"};
constexpr std::string_view kClockNames[] = {"gettimeofday",  "settimeofday",  "adjtimex",     "time",
                                            "clock_gettime", "clock_settime", "clock_getres", "clock_adjtime"};

constexpr CallClass kClasses[] = {
    {"file", kFileKinds, kFileNames},
    {"desc", kDescriptorKinds, kDescriptorNames},
    {"network", kNetworkKinds, kNetworkNames},
    {"net", kNetworkKinds, kNetworkNames},
    {"memory", kMemoryKinds, kMemoryNames},
    {"process", kProcessKinds, kProcessNames},
    {"signal", kSignalKinds, kSignalNames},
    {"creds", kCredentialKinds, kCredentialNames},
    {"clock", {}, kClockNames},
};

bool belongs(const SyscallRow& row, const CallClass& wanted) {
  const auto has = [&](ArgKind kind) { return std::ranges::find(row.args, kind) != row.args.end(); };
  return std::ranges::any_of(wanted.kinds, has) || std::ranges::find(wanted.names, row.name) != wanted.names.end();
}

using Calls = std::bitset<abi::kSyscallLimit>;

Calls every_call() {
  Calls calls;
  for (const SyscallRow& row : abi::syscall_table()) calls.set(row.number);
  return calls;
}

Result<Calls> calls_of_class(std::string_view item, std::string_view name) {
  const auto* wanted = std::ranges::find(kClasses, name, &CallClass::name);
  if (wanted == std::end(kClasses)) return fail("--trace", item, "no such class of system calls");
  Calls calls;
  for (const SyscallRow& row : abi::syscall_table()) {
    if (belongs(row, *wanted)) calls.set(row.number);
  }
  return calls;
}

const SyscallRow* find_by_number(std::string_view item) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), number);
  return error == std::errc() && end == item.data() + item.size() ? abi::find_syscall(number) : nullptr;
}

Result<Calls> calls_of_item(std::string_view item) {
  if (item.empty()) return fail("--trace", "", "a name is missing between two commas");
  if (item == "none") return Calls();
  if (item.starts_with('%')) return calls_of_class(item, item.substr(1));
  const SyscallRow* row = abi::find_syscall(item);
  if (row == nullptr) row = find_by_number(item);
  if (row != nullptr) return Calls().set(row->number);
  if (std::ranges::find(kClasses, item, &CallClass::name) != std::end(kClasses)) return calls_of_class(item, item);
  return fail("--trace", item, "neither a system call nor a class of them");
}

}  // namespace

Filter Filter::all() {
  Filter filter;
  filter.calls_ = every_call();
  filter.unknown_ = true;
  return filter;
}

Result<Filter> Filter::parse(std::string_view text) {
  const bool inverted = text.starts_with('!');
  if (inverted) text.remove_prefix(1);
  if (text.empty() && inverted) return fail("--trace", "!", "nothing follows the exclamation mark");
  if (text.empty()) return all();
  Filter filter;
  for (const std::string& item : split(text, ',')) {
    if (item == "all") {
      filter = all();
      continue;
    }
    TRY_ASSIGN(const Calls calls, calls_of_item(item));
    filter.calls_ |= calls;
  }
  if (inverted) {
    filter.calls_ = every_call() & ~filter.calls_;
    filter.unknown_ = !filter.unknown_;
  }
  return filter;
}

}  // namespace kontain::trace
