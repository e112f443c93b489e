#include <asm/prctl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <cstring>

#include "km/trace/flag_tables.h"
#include "km/trace/printers.h"

namespace kontain::trace::processes {
namespace {

using abi::ArgKind;

std::string limit(uint64_t value) {
  if (value == RLIM_INFINITY) return "RLIM64_INFINITY";
  if (value > 1024 && value % 1024 == 0) return unsigned_decimal(value / 1024) + "*1024";
  return unsigned_decimal(value);
}

std::string describe_rlimit(const rlimit& value) {
  return "{rlim_cur=" + limit(value.rlim_cur) + ", rlim_max=" + limit(value.rlim_max) + "}";
}

std::string describe_rusage(const rusage& value) {
  const auto time = [](const timeval& part) {
    return "{tv_sec=" + decimal(part.tv_sec) + ", tv_usec=" + decimal(part.tv_usec) + "}";
  };
  return "{ru_utime=" + time(value.ru_utime) + ", ru_stime=" + time(value.ru_stime) + ", ...}";
}

template <size_t N>
std::string fixed_string(const char (&text)[N]) {
  return quoted(std::string_view(text, strnlen(text, N)));
}

std::string describe_utsname(const utsname& value) {
  return "{sysname=" + fixed_string(value.sysname) + ", nodename=" + fixed_string(value.nodename) + ", ...}";
}

std::string describe_sysinfo(const struct sysinfo& value) {
  std::string out = "{uptime=" + decimal(value.uptime);
  out += ", loads=[" + unsigned_decimal(value.loads[0]) + ", " + unsigned_decimal(value.loads[1]) + ", " +
         unsigned_decimal(value.loads[2]) + "]";
  out += ", totalram=" + unsigned_decimal(value.totalram);
  out += ", freeram=" + unsigned_decimal(value.freeram);
  out += ", sharedram=" + unsigned_decimal(value.sharedram);
  out += ", bufferram=" + unsigned_decimal(value.bufferram);
  out += ", totalswap=" + unsigned_decimal(value.totalswap);
  out += ", freeswap=" + unsigned_decimal(value.freeswap);
  out += ", procs=" + unsigned_decimal(value.procs);
  out += ", totalhigh=" + unsigned_decimal(value.totalhigh);
  out += ", freehigh=" + unsigned_decimal(value.freehigh);
  return out + ", mem_unit=" + unsigned_decimal(value.mem_unit) + "}";
}

std::string describe_id(const uint32_t& id) { return "[" + unsigned_decimal(id) + "]"; }
std::string describe_int(const int32_t& value) { return "[" + decimal(value) + "]"; }

// An encoded wait status in the macros that would make it.
std::string describe_status(const int32_t& status) {
  const int number = status & 0x7f;
  if (number == 0) return "[{WIFEXITED(s) && WEXITSTATUS(s) == " + decimal(status >> 8 & 0xff) + "}]";
  const auto name = [](int signal) { return scalars::signal(static_cast<uint64_t>(signal)); };
  if ((status & 0xff) == 0x7f) return "[{WIFSTOPPED(s) && WSTOPSIG(s) == " + name(status >> 8 & 0xff) + "}]";
  const std::string_view core = status & 0x80 ? " && WCOREDUMP(s)" : "";
  return "[{WIFSIGNALED(s) && WTERMSIG(s) == " + name(number) + std::string(core) + "}]";
}

std::string describe_cap_header(const __user_cap_header_struct& header) {
  return "{version=" + one_of(header.version, kCapVersions) + ", pid=" + decimal(header.pid) + "}";
}

// Version 3 has two halves of 32 bits each.
struct CapData {
  __user_cap_data_struct low, high;
};

std::string describe_cap_data(const CapData& data) {
  const auto whole = [](uint32_t low, uint32_t high) { return hex(uint64_t{high} << 32 | low); };
  return "{effective=" + whole(data.low.effective, data.high.effective) +
         ", permitted=" + whole(data.low.permitted, data.high.permitted) +
         ", inheritable=" + whole(data.low.inheritable, data.high.inheritable) + "}";
}

std::string id_text(uint32_t id) { return unsigned_decimal(id); }

void id_list_in(std::string& out, const Call& call, size_t index) {
  out += array_at<uint32_t>(call, call.args[index], call.args[index - 1], id_text);
}

void id_list_out(std::string& out, const Call& call, size_t index) {
  const bool asked_count = call.args[index - 1] == 0;
  const uint64_t address = call.args[index];
  out += call.failed() || asked_count ? pointer(address)
                                      : array_at<uint32_t>(call, address, static_cast<uint64_t>(*call.result), id_text);
}

std::string cpu_mask_at(const Call& call, uint64_t address, uint64_t size) {
  constexpr uint64_t kLargestMask = 1024;
  std::string out = "[";
  for (uint64_t byte = 0; byte < std::min(size, kLargestMask); ++byte) {
    const auto bits = load<uint8_t>(call, address + byte);
    if (!bits) return pointer(address);
    for (uint64_t bit = 0; bit < 8; ++bit) {
      if ((*bits >> bit & 1) == 0) continue;
      if (out.back() != '[') out += ' ';
      out += unsigned_decimal(byte * 8 + bit);
    }
  }
  return out + "]";
}

void cpu_mask_in(std::string& out, const Call& call, size_t index) {
  out += cpu_mask_at(call, call.args[index], call.args[index - 1]);
}

void cpu_mask_out(std::string& out, const Call& call, size_t index) {
  const uint64_t address = call.args[index];
  out += call.failed() ? pointer(address) : cpu_mask_at(call, address, static_cast<uint64_t>(*call.result));
}

// A byte per page, whose lowest bit counts.
void residency(std::string& out, const Call& call, size_t index) {
  constexpr uint64_t kPageSize = 4096;
  const uint64_t pages = call.args[1] / kPageSize + (call.args[1] % kPageSize != 0 ? 1 : 0);
  out += call.failed() ? pointer(call.args[index]) : array_at<uint8_t>(call, call.args[index], pages, [](uint8_t page) {
    return unsigned_decimal(page & 1);
  });
}

void prctl_name(std::string& out, const Call& call, size_t index) {
  constexpr size_t kNameLimit = 16;
  const auto name = load_string(call, call.args[index], kNameLimit);
  const bool known = name && !(call.args[0] == PR_GET_NAME && call.failed());
  out += known ? quoted(name->text) + (name->cut ? "..." : "") : pointer(call.args[index]);
}

// How many arguments behind the operation it looks at; the rest is not shown.
size_t prctl_arg_count(uint64_t operation) {
  switch (operation) {
    case PR_GET_DUMPABLE:
    case PR_GET_KEEPCAPS:
    case PR_GET_SECCOMP:
    case PR_GET_TIMERSLACK:
    case PR_GET_TIMING:
    case PR_GET_SECUREBITS: return 0;
    case PR_SET_NAME:
    case PR_GET_NAME:
    case PR_SET_PDEATHSIG:
    case PR_GET_PDEATHSIG:
    case PR_SET_DUMPABLE:
    case PR_SET_KEEPCAPS:
    case PR_SET_TIMERSLACK:
    case PR_SET_TIMING:
    case PR_SET_TSC:
    case PR_GET_TSC:
    case PR_CAPBSET_READ:
    case PR_CAPBSET_DROP:
    case PR_SET_SECUREBITS:
    case PR_SET_CHILD_SUBREAPER:
    case PR_GET_CHILD_SUBREAPER: return 1;
    default: return 4;
  }
}

void prctl_arg(std::string& out, const Call& call, size_t index) {
  if (index > prctl_arg_count(call.args[0])) return;
  const bool names = call.args[0] == PR_SET_NAME || call.args[0] == PR_GET_NAME;
  if (names && call.result.has_value() == (call.args[0] == PR_GET_NAME)) return prctl_name(out, call, index);
  if (names || call.result) return;
  out += call.args[0] == PR_SET_PDEATHSIG ? scalars::signal(call.args[index]) : hex(call.args[index]);
}

void arch_prctl_arg(std::string& out, const Call& call, size_t index) {
  const bool gets = call.args[0] == ARCH_GET_FS || call.args[0] == ARCH_GET_GS;
  const uint64_t value = call.args[index];
  const auto describe = [](uint64_t base) { return "[" + pointer(base) + "]"; };
  out += gets && !call.failed() ? described<uint64_t>(call, value, describe) : hex(value);
}

}  // namespace

PrintArg printer(ArgKind kind) {
  switch (kind) {
    case ArgKind::StatusOut: return print_out<int32_t, describe_status>;
    case ArgKind::PrctlArg: return prctl_arg;
    case ArgKind::ArchPrctlArg: return arch_prctl_arg;
    case ArgKind::RlimitIn: return print_in<rlimit, describe_rlimit>;
    case ArgKind::RlimitOut: return print_out<rlimit, describe_rlimit>;
    case ArgKind::RusageOut: return print_out<rusage, describe_rusage>;
    case ArgKind::SchedParamIn: return print_in<int32_t, describe_int>;
    case ArgKind::SchedParamOut:
    case ArgKind::IntOut: return print_out<int32_t, describe_int>;
    case ArgKind::CpuMaskIn: return cpu_mask_in;
    case ArgKind::CpuMaskOut: return cpu_mask_out;
    case ArgKind::UtsnameOut: return print_out<utsname, describe_utsname>;
    case ArgKind::SysinfoOut: return print_out<struct sysinfo, describe_sysinfo>;
    case ArgKind::IdOut: return print_out<uint32_t, describe_id>;
    case ArgKind::IdListIn: return id_list_in;
    case ArgKind::IdListOut: return id_list_out;
    case ArgKind::ResidencyOut: return residency;
    case ArgKind::CapHeader: return print_in<__user_cap_header_struct, describe_cap_header>;
    case ArgKind::CapDataIn: return print_in<CapData, describe_cap_data>;
    case ArgKind::CapDataOut: return print_out<CapData, describe_cap_data>;
    default: return nullptr;
  }
}

}  // namespace kontain::trace::processes
