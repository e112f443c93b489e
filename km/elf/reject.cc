#include "km/elf/reject.h"

#include <cerrno>

namespace kontain::elf {
namespace {

struct Row {
  RejectKind kind;
  std::string_view summary;
  int exec_errno;
};

// The errnos are those of fs/exec.c and fs/binfmt_elf.c.
constexpr Row kRows[] = {
    {RejectKind::Empty, "not a program", ENOEXEC},
    {RejectKind::NotRegular, "not a program", EACCES},
    {RejectKind::NoPermission, "may not be executed", EACCES},
    {RejectKind::NotElf, "not a program", ENOEXEC},
    {RejectKind::BadScript, "not a program", ENOEXEC},
    {RejectKind::WrongClass, "not an x86-64 program", ENOEXEC},
    {RejectKind::WrongByteOrder, "not an x86-64 program", ENOEXEC},
    {RejectKind::WrongMachine, "not an x86-64 program", ENOEXEC},
    {RejectKind::WrongType, "not a program", ENOEXEC},
    {RejectKind::CutHeader, "truncated program", ENOEXEC},  // the kernel reads zeros behind the end of so short a file
    {RejectKind::Truncated, "truncated program", EIO},
    {RejectKind::BadHeader, "malformed program", ENOEXEC},
    {RejectKind::BadSegment, "malformed program", EINVAL},
    {RejectKind::NoSegments, "malformed program", EINVAL},
    {RejectKind::BadInterpreter, "malformed program", ENOEXEC},
    {RejectKind::BadNote, "malformed program", ENOEXEC},
    {RejectKind::TooNew, "needs a newer km", ENOEXEC},
    {RejectKind::OutsideGuest, "cannot be placed", ENOMEM},
    {RejectKind::ReadFailed, "cannot be read", EIO},
};

const Row& row_of(RejectKind kind) {
  for (const Row& row : kRows) {
    if (row.kind == kind) return row;
  }
  KONTAIN_CHECK(false && "every RejectKind has a row");
  return kRows[0];
}

}  // namespace

Error Reject::to_error(std::string_view file) const {
  return Error{std::string(file), std::string(summary(kind)), reason, errno_value};
}

std::string_view summary(RejectKind kind) { return row_of(kind).summary; }

int exec_errno(const Reject& reject) {
  return reject.errno_value ? reject.errno_value : row_of(reject.kind).exec_errno;
}

int interpreter_errno(const Reject& reject) {
  switch (reject.kind) {
    case RejectKind::NotElf:
    case RejectKind::BadScript:
    case RejectKind::WrongClass:
    case RejectKind::WrongByteOrder:
    case RejectKind::WrongMachine:
    case RejectKind::BadHeader: return ELIBBAD;
    case RejectKind::Empty:
    case RejectKind::CutHeader:
    case RejectKind::Truncated: return EIO;
    default: return exec_errno(reject);
  }
}

}  // namespace kontain::elf
