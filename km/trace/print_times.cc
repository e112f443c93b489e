#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <utime.h>

#include <cerrno>
#include <ctime>

#include "km/trace/flag_tables.h"
#include "km/trace/printers.h"

namespace kontain::trace::times {
namespace {

using abi::ArgKind;

std::string describe_timespec(const timespec& value) {
  return "{tv_sec=" + decimal(value.tv_sec) + ", tv_nsec=" + decimal(value.tv_nsec) + "}";
}

std::string describe_timeval(const timeval& value) {
  return "{tv_sec=" + decimal(value.tv_sec) + ", tv_usec=" + decimal(value.tv_usec) + "}";
}

std::string dated(const std::string& text, const std::string& date) { return text + " /* " + date + " */"; }

std::string file_time(const timespec& value) {
  if (value.tv_nsec == UTIME_NOW) return "UTIME_NOW";
  if (value.tv_nsec == UTIME_OMIT) return "UTIME_OMIT";
  return dated(describe_timespec(value), utc_time(value.tv_sec, static_cast<uint64_t>(value.tv_nsec), 9));
}

std::string describe_file_times(const std::array<timespec, 2>& pair) {
  return "[" + file_time(pair[0]) + ", " + file_time(pair[1]) + "]";
}

std::string describe_timevals(const std::array<timeval, 2>& pair) {
  const auto one = [](const timeval& value) {
    return dated(describe_timeval(value), utc_time(value.tv_sec, static_cast<uint64_t>(value.tv_usec), 6));
  };
  return "[" + one(pair[0]) + ", " + one(pair[1]) + "]";
}

std::string describe_timezone(const struct timezone& zone) {
  return "{tz_minuteswest=" + decimal(zone.tz_minuteswest) + ", tz_dsttime=" + decimal(zone.tz_dsttime) + "}";
}

std::string describe_utimbuf(const utimbuf& value) {
  return "{actime=" + dated(decimal(value.actime), utc_time(value.actime)) +
         ", modtime=" + dated(decimal(value.modtime), utc_time(value.modtime)) + "}";
}

std::string describe_itimerspec(const itimerspec& value) {
  return "{it_interval=" + describe_timespec(value.it_interval) + ", it_value=" + describe_timespec(value.it_value) +
         "}";
}

std::string describe_itimerval(const itimerval& value) {
  return "{it_interval=" + describe_timeval(value.it_interval) + ", it_value=" + describe_timeval(value.it_value) + "}";
}

std::string describe_time(const int64_t& value) { return "[" + dated(decimal(value), utc_time(value)) + "]"; }

std::string describe_tms(const tms& value) {
  return "{tms_utime=" + decimal(value.tms_utime) + ", tms_stime=" + decimal(value.tms_stime) +
         ", tms_cutime=" + decimal(value.tms_cutime) + ", tms_cstime=" + decimal(value.tms_cstime) + "}";
}

void remainder(std::string& out, const Call& call, size_t index) {
  out += call.ended_with(EINTR) ? timespec_at(call, call.args[index]) : pointer(call.args[index]);
}

}  // namespace

std::string timespec_at(const Call& call, uint64_t address) {
  return described<timespec>(call, address, describe_timespec);
}

std::string timeval_at(const Call& call, uint64_t address) {
  return described<timeval>(call, address, describe_timeval);
}

PrintArg printer(ArgKind kind) {
  switch (kind) {
    case ArgKind::TimespecIn: return print_in<timespec, describe_timespec>;
    case ArgKind::TimespecOut: return print_out<timespec, describe_timespec>;
    case ArgKind::RemainderOut: return remainder;
    case ArgKind::TimespecPairIn: return print_in<std::array<timespec, 2>, describe_file_times>;
    case ArgKind::TimevalIn:
    case ArgKind::TimevalInOut: return print_in<timeval, describe_timeval>;
    case ArgKind::TimevalOut: return print_out<timeval, describe_timeval>;
    case ArgKind::TimevalPairIn: return print_in<std::array<timeval, 2>, describe_timevals>;
    case ArgKind::TimezoneOut: return print_out<struct timezone, describe_timezone>;
    case ArgKind::TimeOut: return print_out<int64_t, describe_time>;
    case ArgKind::TmsOut: return print_out<tms, describe_tms>;
    case ArgKind::UtimbufIn: return print_in<utimbuf, describe_utimbuf>;
    case ArgKind::ItimerspecIn: return print_in<itimerspec, describe_itimerspec>;
    case ArgKind::ItimerspecOut: return print_out<itimerspec, describe_itimerspec>;
    case ArgKind::ItimervalIn: return print_in<itimerval, describe_itimerval>;
    case ArgKind::ItimervalOut: return print_out<itimerval, describe_itimerval>;
    default: return nullptr;
  }
}

}  // namespace kontain::trace::times
