#include <linux/futex.h>
#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>

#include "km/trace/flag_tables.h"
#include "km/trace/printers.h"

namespace kontain::trace::waits {
namespace {

using abi::ArgKind;

uint64_t event_bits(short events) { return static_cast<uint16_t>(events); }

void poll_fds(std::string& out, const Call& call, size_t index) {
  out += array_at<pollfd>(call, call.args[index], call.args[index + 1], [](const pollfd& entry) {
    if (entry.fd < 0) return "{fd=" + decimal(entry.fd) + "}";
    return "{fd=" + decimal(entry.fd) + ", events=" + flags(event_bits(entry.events), kPollEvents) + "}";
  });
}

std::string ready_poll_fds(const Call& call) {
  std::string items;
  for (uint64_t i = 0, shown = 0; i < call.args[1] && shown < kShownElements; ++i) {
    const auto entry = load<pollfd>(call, call.args[0] + i * sizeof(pollfd));
    if (!entry) break;
    if (entry->revents == 0) continue;
    append_item(items,
                "{fd=" + decimal(entry->fd) + ", revents=" + flags(event_bits(entry->revents), kPollEvents) + "}");
    ++shown;
  }
  return "[" + items + "]";
}

// "[3 5]"; the set's size in bits is the call's first argument.
std::string fd_set_at(const Call& call, uint64_t address) {
  constexpr uint64_t kMostFds = 1 << 20;
  const uint64_t limit = std::min<uint64_t>(call.args[0], kMostFds);
  std::string out = "[";
  for (uint64_t base = 0; base < limit; base += 64) {
    const auto word = load<uint64_t>(call, address + base / 8);
    if (!word) return pointer(address);
    for (uint64_t bit = 0; bit < 64 && base + bit < limit; ++bit) {
      if ((*word >> bit & 1) == 0) continue;
      if (out.back() != '[') out += ' ';
      out += unsigned_decimal(base + bit);
    }
  }
  return out + "]";
}

void fd_set_before(std::string& out, const Call& call, size_t index) {
  const uint64_t address = call.args[index];
  out += address == 0 ? "NULL" : fd_set_at(call, address);
}

std::string ready_sets(const Call& call) {
  static constexpr std::string_view kNames[] = {"in ", "out ", "except "};
  std::string out;
  for (size_t i = 0; i < std::size(kNames); ++i) {
    const uint64_t address = call.args[i + 1];
    if (address == 0) continue;
    const std::string set = fd_set_at(call, address);
    if (set != "[]") append_item(out, std::string(kNames[i]) + set);
  }
  return out;
}

std::string describe_event(const epoll_event& event) {
  const uint64_t data = event.data.u64;
  return "{events=" + flags(event.events, kEpollEvents) +
         ", data={u32=" + unsigned_decimal(static_cast<uint32_t>(data)) + ", u64=" + unsigned_decimal(data) + "}}";
}

void epoll_event_in(std::string& out, const Call& call, size_t index) {
  const bool ignored = call.args[1] == EPOLL_CTL_DEL;
  out += ignored ? pointer(call.args[index]) : described<epoll_event>(call, call.args[index], describe_event);
}

void epoll_events_out(std::string& out, const Call& call, size_t index) {
  if (call.failed()) {
    out += pointer(call.args[index]);
    return;
  }
  const auto count = static_cast<uint64_t>(call.result.value_or(0));
  out += array_at<epoll_event>(call, call.args[index], count, describe_event);
}

uint64_t futex_command(const Call& call) { return call.args[1] & static_cast<uint64_t>(FUTEX_CMD_MASK); }

bool futex_waits(uint64_t command) {
  return command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET || command == FUTEX_LOCK_PI ||
         command == FUTEX_WAIT_REQUEUE_PI;
}

bool futex_has_second_word(uint64_t command) {
  return command == FUTEX_REQUEUE || command == FUTEX_CMP_REQUEUE || command == FUTEX_WAKE_OP ||
         command == FUTEX_CMP_REQUEUE_PI || command == FUTEX_WAIT_REQUEUE_PI;
}

void futex_timeout(std::string& out, const Call& call, size_t index) {
  const uint64_t command = futex_command(call);
  if (futex_waits(command)) {
    out += times::timespec_at(call, call.args[index]);
  } else if (futex_has_second_word(command)) {
    out += unsigned_decimal(call.args[index]);
  }
}

void futex_word2(std::string& out, const Call& call, size_t index) {
  const uint64_t command = futex_command(call);
  if (futex_has_second_word(command)) out += pointer(call.args[index]);
}

void futex_value3(std::string& out, const Call& call, size_t index) {
  const uint64_t command = futex_command(call);
  const auto value = static_cast<uint32_t>(call.args[index]);
  if (command == FUTEX_WAIT_BITSET || command == FUTEX_WAKE_BITSET) {
    out += value == FUTEX_BITSET_MATCH_ANY ? "FUTEX_BITSET_MATCH_ANY" : hex(value);
  } else if (command == FUTEX_CMP_REQUEUE || command == FUTEX_CMP_REQUEUE_PI) {
    out += unsigned_decimal(value);
  } else if (command == FUTEX_WAKE_OP) {
    out += hex(value);
  }
}

}  // namespace

std::string result_note(const Call& call) {
  const std::string_view name = call.row.name;
  const bool polls = name == "poll" || name == "ppoll";
  const bool selects = name == "select" || name == "pselect6";
  if (!polls && !selects) return "";
  if (*call.result == 0) return " (Timeout)";
  std::string note = polls ? ready_poll_fds(call) : ready_sets(call);
  // The kernel leaves the rest of the time in the argument, except for poll.
  if (name == "ppoll" && call.args[2] != 0) append_item(note, "left " + times::timespec_at(call, call.args[2]));
  if (name == "select" && call.args[4] != 0) append_item(note, "left " + times::timeval_at(call, call.args[4]));
  if (name == "pselect6" && call.args[4] != 0) append_item(note, "left " + times::timespec_at(call, call.args[4]));
  return note.empty() ? "" : " (" + note + ")";
}

PrintArg printer(ArgKind kind) {
  switch (kind) {
    case ArgKind::PollFds: return poll_fds;
    case ArgKind::FdSetInOut: return fd_set_before;
    case ArgKind::EpollEventIn: return epoll_event_in;
    case ArgKind::EpollEventsOut: return epoll_events_out;
    case ArgKind::FutexTimeout: return futex_timeout;
    case ArgKind::FutexWord2: return futex_word2;
    case ArgKind::FutexValue3: return futex_value3;
    default: return nullptr;
  }
}

}  // namespace kontain::trace::waits
