#include "km/trace/printers.h"

namespace kontain::trace {
namespace {

using abi::ArgKind;

PrintArg bytes_printer(ArgKind kind) {
  switch (kind) {
    case ArgKind::Path: return bytes::path;
    case ArgKind::String: return bytes::string;
    case ArgKind::InBytes: return bytes::in;
    case ArgKind::ValueIn: return bytes::value_in;
    case ArgKind::OutBytes:
    case ArgKind::ValueOut: return bytes::out;
    case ArgKind::RandomOut: return bytes::random_out;
    case ArgKind::PathOut: return bytes::path_out;
    case ArgKind::StringVector: return bytes::string_vector;
    case ArgKind::EnvironmentVector: return bytes::environment;
    case ArgKind::IovecIn: return bytes::iovec_in;
    case ArgKind::IovecOut: return bytes::iovec_out;
    case ArgKind::FcntlArg: return fcntls::arg;
    case ArgKind::IoctlArg: return ioctls::arg;
    default: return nullptr;
  }
}

Phase phase_of(ArgKind kind) {
  switch (kind) {
    case ArgKind::OutBytes:
    case ArgKind::RandomOut:
    case ArgKind::PathOut:
    case ArgKind::ValueOut:
    case ArgKind::IovecOut:
    case ArgKind::StatOut:
    case ArgKind::StatxOut:
    case ArgKind::StatfsOut:
    case ArgKind::DirentsOut:
    case ArgKind::IntPairOut:
    case ArgKind::ResidencyOut:
    case ArgKind::TimespecOut:
    case ArgKind::RemainderOut:
    case ArgKind::TimevalOut:
    case ArgKind::TimezoneOut:
    case ArgKind::TimeOut:
    case ArgKind::TmsOut:
    case ArgKind::ItimerspecOut:
    case ArgKind::ItimervalOut:
    case ArgKind::EpollEventsOut:
    case ArgKind::SigactionOut:
    case ArgKind::SigsetOut:
    case ArgKind::StackOut:
    case ArgKind::SiginfoOut:
    case ArgKind::OptionOut:
    case ArgKind::MmsghdrOut:
    case ArgKind::StatusOut:
    case ArgKind::ArchPrctlArg:
    case ArgKind::RlimitOut:
    case ArgKind::RusageOut:
    case ArgKind::SchedParamOut:
    case ArgKind::CpuMaskOut:
    case ArgKind::UtsnameOut:
    case ArgKind::SysinfoOut:
    case ArgKind::IdOut:
    case ArgKind::IdListOut:
    case ArgKind::IntOut:
    case ArgKind::CapDataOut: return Phase::After;
    case ArgKind::FcntlArg:
    case ArgKind::IoctlArg:
    case ArgKind::PrctlArg:
    case ArgKind::OffsetInOut:
    case ArgKind::SockaddrOut:
    case ArgKind::SocklenInOut:
    case ArgKind::MsghdrOut: return Phase::Both;
    default: return Phase::Before;
  }
}

}  // namespace

Printer printer_of(ArgKind kind) {
  constexpr PrintArg (*kFamilies[])(ArgKind) = {scalars::printer, bytes_printer,     files::printer,
                                                times::printer,   waits::printer,    signals::printer,
                                                sockets::printer, processes::printer};
  for (const auto& family : kFamilies) {
    if (const PrintArg print = family(kind)) return {phase_of(kind), print};
  }
  return {Phase::Before, nullptr};
}

}  // namespace kontain::trace
