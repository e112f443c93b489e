#include "km/trace/siginfo.h"

#include <cstdint>

#include "km/trace/flag_tables.h"
#include "km/trace/printers.h"
#include "km/trace/text.h"

namespace kontain::trace {
namespace {

// The codes of one signal begin at 1 again for each of these; the others have the general ones only.
const Vocabulary* codes_of(int signal) {
  switch (signal) {
    case SIGILL: return &kIllegalInstructionCodes;
    case SIGFPE: return &kArithmeticCodes;
    case SIGSEGV: return &kSegvCodes;
    case SIGBUS: return &kBusCodes;
    case SIGTRAP: return &kTrapCodes;
    case SIGCHLD: return &kChildCodes;
    case SIGIO: return &kPollCodes;
    default: return nullptr;
  }
}

std::string code_text(const siginfo_t& info) {
  const auto code = static_cast<uint32_t>(info.si_code);
  const Vocabulary* own = codes_of(info.si_signo);
  if (info.si_code > 0 && info.si_code < SI_KERNEL && own) return one_of(code, *own);
  return one_of(code, kSignalCodes);
}

std::string sender_text(const siginfo_t& info) {
  return ", si_pid=" + decimal(info.si_pid) + ", si_uid=" + unsigned_decimal(info.si_uid);
}

std::string value_text(const siginfo_t& info) {
  const auto address = reinterpret_cast<uint64_t>(info.si_ptr);  // SAFETY: a number of the payload, not followed
  return ", si_int=" + decimal(info.si_int) + ", si_ptr=" + pointer(address);
}

std::string status_text(const siginfo_t& info) {
  return info.si_code == CLD_EXITED ? decimal(info.si_status) : signal_text(info.si_status);
}

std::string kernel_fields(const siginfo_t& info) {
  switch (info.si_signo) {
    case SIGILL:
    case SIGFPE:
    case SIGSEGV:
    case SIGBUS:
    case SIGTRAP: {
      const auto address = reinterpret_cast<uint64_t>(info.si_addr);  // SAFETY: as above
      return ", si_addr=" + pointer(address);
    }
    case SIGCHLD:
      return sender_text(info) + ", si_status=" + status_text(info) + ", si_utime=" + decimal(info.si_utime) +
             ", si_stime=" + decimal(info.si_stime);
    case SIGIO: return ", si_band=" + decimal(info.si_band) + ", si_fd=" + decimal(info.si_fd);
    default: return sender_text(info);
  }
}

std::string fields(const siginfo_t& info) {
  switch (info.si_code) {
    case SI_KERNEL: return "";
    case SI_USER:
    case SI_TKILL: return sender_text(info);
    case SI_TIMER:
      return ", si_timerid=" + hex(static_cast<uint32_t>(info.si_timerid)) +
             ", si_overrun=" + decimal(info.si_overrun) + value_text(info);
    default: return info.si_code > 0 ? kernel_fields(info) : sender_text(info) + value_text(info);
  }
}

}  // namespace

std::string signal_text(int number) { return scalars::signal(static_cast<uint64_t>(number)); }

std::string siginfo_text(const siginfo_t& info) {
  return "{si_signo=" + signal_text(info.si_signo) + ", si_code=" + code_text(info) + fields(info) + "}";
}

}  // namespace kontain::trace
