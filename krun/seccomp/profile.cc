#include "krun/seccomp/profile.h"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>

#include "base/unique_fd.h"

namespace kontain::krun::seccomp {
namespace {

struct ActionRow {
  std::string_view name;
  uint32_t action;
};

constexpr ActionRow kActions[] = {{"SCMP_ACT_KILL", SCMP_ACT_KILL},
                                  {"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
                                  {"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
                                  {"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
                                  {"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0)},
                                  {"SCMP_ACT_TRACE", SCMP_ACT_TRACE(0)},
                                  {"SCMP_ACT_LOG", SCMP_ACT_LOG},
                                  {"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW}};

struct OperatorRow {
  std::string_view name;
  scmp_compare op;
};

constexpr OperatorRow kOperators[] = {{"SCMP_CMP_NE", SCMP_CMP_NE},
                                      {"SCMP_CMP_LT", SCMP_CMP_LT},
                                      {"SCMP_CMP_LE", SCMP_CMP_LE},
                                      {"SCMP_CMP_EQ", SCMP_CMP_EQ},
                                      {"SCMP_CMP_GE", SCMP_CMP_GE},
                                      {"SCMP_CMP_GT", SCMP_CMP_GT},
                                      {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ}};

using Context = std::unique_ptr<void, decltype(&seccomp_release)>;

Result<uint32_t> action_of(const std::string& name, std::optional<uint32_t> errno_value) {
  if (name == "SCMP_ACT_NOTIFY") return fail("linux.seccomp", name, "not supported yet");
  const auto* row = std::ranges::find(kActions, name, &ActionRow::name);
  if (row == std::end(kActions)) return fail("linux.seccomp", name, "no such action");
  const uint32_t value = errno_value.value_or(EPERM) & 0xffff;
  if (name == "SCMP_ACT_ERRNO") return SCMP_ACT_ERRNO(value);
  if (name == "SCMP_ACT_TRACE") return SCMP_ACT_TRACE(value);
  return row->action;
}

Result<scmp_arg_cmp> comparison(const spec::SeccompArgument& argument) {
  const auto* row = std::ranges::find(kOperators, argument.op, &OperatorRow::name);
  if (row == std::end(kOperators)) return fail("linux.seccomp", argument.op, "no such operator");
  if (argument.index > 5) return fail("linux.seccomp", std::to_string(argument.index), "a call has six arguments");
  return scmp_arg_cmp{argument.index, row->op, argument.value, argument.second_value};
}

Result<void> add_one(const Context& context, uint32_t action, int number, const std::vector<scmp_arg_cmp>& comparisons,
                     const std::string& name) {
  const int result = seccomp_rule_add_array(context.get(), action, number, static_cast<unsigned>(comparisons.size()),
                                            comparisons.data());
  // Contradicting rules: the earlier one stays, as in runc.
  if (result == 0 || result == -EEXIST || result == -EDOM) return {};
  return fail_errno("linux.seccomp", name, -result);
}

// libseccomp takes one comparison for each argument and all of them together; the specification's several on the same
// argument are alternatives (runc's reading).
Result<void> add_call(const Context& context, const spec::SeccompRule& rule, uint32_t action, const std::string& name) {
  const int number = seccomp_syscall_resolve_name(name.c_str());
  if (number == __NR_SCMP_ERROR) return {};
  std::vector<scmp_arg_cmp> comparisons;
  bool repeated = false;
  for (const spec::SeccompArgument& argument : rule.arguments) {
    TRY_ASSIGN(const scmp_arg_cmp made, comparison(argument));
    repeated |= std::ranges::any_of(comparisons, [&](const scmp_arg_cmp& other) { return other.arg == made.arg; });
    comparisons.push_back(made);
  }
  if (!repeated) return add_one(context, action, number, comparisons, name);
  for (const scmp_arg_cmp& each : comparisons) TRY(add_one(context, action, number, {each}, name));
  return {};
}

Result<std::string> export_program(const Context& context) {
  const UniqueFd fd(memfd_create("filter", MFD_CLOEXEC));
  if (!fd) return fail_errno("linux.seccomp", "memfd_create", errno);
  if (const int result = seccomp_export_bpf(context.get(), fd.get()); result != 0) {
    return fail_errno("linux.seccomp", "seccomp_export_bpf", -result);
  }
  const off_t size = lseek(fd.get(), 0, SEEK_END);
  std::string program(static_cast<size_t>(std::max<off_t>(size, 0)), '\0');
  if (pread(fd.get(), program.data(), program.size(), 0) != size) return fail_errno("linux.seccomp", "read", errno);
  return program;
}

Result<uint64_t> flags_of(const std::vector<std::string>& names) {
  uint64_t flags = 0;
  for (const std::string& name : names) {
    if (name == "SECCOMP_FILTER_FLAG_LOG") {
      flags |= SECCOMP_FILTER_FLAG_LOG;
    } else if (name != "SECCOMP_FILTER_FLAG_TSYNC" && name != "SECCOMP_FILTER_FLAG_SPEC_ALLOW" &&
               name != "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") {
      return fail("linux.seccomp.flags", name, "no such flag");
    }
  }
  return flags;
}

}  // namespace

std::vector<std::string> action_names() {
  std::vector<std::string> names;
  for (const ActionRow& row : kActions) names.emplace_back(row.name);
  return names;
}

std::vector<std::string> operator_names() {
  std::vector<std::string> names;
  for (const OperatorRow& row : kOperators) names.emplace_back(row.name);
  return names;
}

Result<Program> compile(const spec::Seccomp& profile) {
  TRY_ASSIGN(const uint32_t default_action, action_of(profile.default_action, profile.default_errno));
  Program program;
  TRY_ASSIGN(program.flags, flags_of(profile.flags));
  const Context context(seccomp_init(default_action), seccomp_release);
  if (!context) return fail("linux.seccomp", "", "seccomp_init failed");
  // Only x86-64 calls can be made inside; whatever says otherwise is killed natively, and cannot happen here.
  seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  for (const spec::SeccompRule& rule : profile.rules) {
    TRY_ASSIGN(const uint32_t action, action_of(rule.action, rule.errno_value));
    if (action == default_action) continue;
    for (const std::string& name : rule.names) TRY(add_call(context, rule, action, name));
  }
  TRY_ASSIGN(program.filter, export_program(context));
  return program;
}

}  // namespace kontain::krun::seccomp
