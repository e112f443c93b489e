#include "km/trace/call_text.h"

#include <cerrno>

#include "base/error.h"
#include "km/trace/flag_tables.h"
#include "km/trace/printers.h"

namespace kontain::trace {
namespace {

// Where the result stands if the call is short enough (strace -a).
constexpr size_t kResultColumn = 40;

std::string_view name_of(const abi::SyscallRow* row) { return row == nullptr ? std::string_view() : row->name; }

bool returns_address(std::string_view name) {
  return name == "mmap" || name == "brk" || name == "mremap" || name == "shmat";
}

std::string failure(uint64_t error) {
  const std::string_view name = find_name(error, kErrnos);
  if (name.empty()) return "-1 (errno " + unsigned_decimal(error) + ")";
  return std::string("-1 ").append(name).append(" (").append(errno_text(static_cast<int>(error))).append(")");
}

// What the number alone does not say.
std::string note(const Call& call) {
  if (call.failed()) return "";
  if (call.row.name == "fcntl") return fcntls::result_note(call);
  if (call.row.name == "sched_getscheduler") {
    return " (" + one_of(static_cast<uint64_t>(*call.result), kSchedPolicies) + ")";
  }
  return waits::result_note(call);
}

std::string line(std::string_view name, std::string_view arguments, std::string_view result) {
  std::string out;
  out.append(name).append("(").append(arguments).append(") ");
  if (out.size() < kResultColumn) out.resize(kResultColumn, ' ');
  return out.append("= ").append(result);
}

}  // namespace

CallText CallText::begin(uint64_t number, const RawArgs& args, MemoryReader& memory) {
  CallText text;
  text.row_ = abi::find_syscall(number);
  text.number_ = number;
  text.args_ = args;
  if (text.row_ == nullptr) return text;
  const Call call{*text.row_, text.args_, memory, text.noted_, std::nullopt};
  for (size_t i = 0; i < text.row_->arg_count(); ++i) {
    const Printer printer = printer_of(text.row_->args[i]);
    if (printer.phase != Phase::After) printer.print(text.texts_[i], call, i);
  }
  return text;
}

std::string CallText::arguments(const int64_t* result, MemoryReader& memory) const {
  std::string list;
  if (row_ == nullptr) {
    for (const uint64_t arg : args_) append_item(list, hex(arg));
    return list;
  }
  std::array<uint64_t, 6> noted = noted_;
  const Call call{*row_, args_, memory, noted, result == nullptr ? std::nullopt : std::optional(*result)};
  for (size_t i = 0; i < row_->arg_count(); ++i) {
    std::string text = texts_[i];
    const Printer printer = printer_of(row_->args[i]);
    if (result != nullptr && printer.phase != Phase::Before) printer.print(text, call, i);
    if (!text.empty()) append_item(list, text);
  }
  return list;
}

std::string CallText::finish(int64_t result, MemoryReader& memory) const {
  const std::string arguments_text = arguments(&result, memory);
  if (row_ == nullptr) return line("syscall_" + hex(number_), arguments_text, result_text(row_, result));
  std::array<uint64_t, 6> noted = noted_;
  const Call call{*row_, args_, memory, noted, result};
  const bool is_flags = row_->name == "fcntl" && !call.failed() && fcntls::returns_flags(call);
  const std::string value = is_flags ? hex(static_cast<uint64_t>(result)) : result_text(row_, result);
  return line(row_->name, arguments_text, value + note(call));
}

std::string CallText::finish_interrupted(bool restarts_by_flag, MemoryReader& memory) const {
  constexpr int64_t kInterrupted = -EINTR;
  return line(name_of(row_), arguments(&kInterrupted, memory),
              restarts_by_flag ? "? ERESTARTSYS (To be restarted if SA_RESTART is set)"
                               : "? ERESTARTNOHAND (To be restarted if no handler)");
}

std::string CallText::finish_without_result(MemoryReader& memory) const {
  return line(name_of(row_), arguments(nullptr, memory), "?");
}

std::string result_text(const abi::SyscallRow* row, int64_t result) {
  if (result < 0 && result >= -4095) return failure(static_cast<uint64_t>(-result));
  const std::string_view name = name_of(row);
  if (returns_address(name)) return hex(static_cast<uint64_t>(result));
  if (name == "umask") return octal(static_cast<uint64_t>(result));
  return decimal(result);
}

}  // namespace kontain::trace
