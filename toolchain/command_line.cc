#include "toolchain/command_line.h"

#include <clang/Driver/Options.h>
#include <llvm/Option/ArgList.h>
#include <llvm/Option/OptTable.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "toolchain/options.h"
#include "toolchain/warnings.h"

namespace kontain::toolchain {
namespace {

namespace options = clang::driver::options;
using llvm::opt::Arg;
using llvm::opt::InputArgList;

std::vector<const char*> c_strings(const std::vector<std::string>& args) {
  std::vector<const char*> out;
  for (const std::string& arg : args) out.push_back(arg.c_str());
  return out;
}

// Questions that clang's driver does not know, or answers with what is not the SDK's.
std::optional<Action> own_question(std::string_view arg) {
  if (arg.starts_with("--")) arg.remove_prefix(1);
  if (arg == "-print-sysroot") return Action::PrintSysroot;
  if (arg == "-print-multiarch" || arg == "-dumpmachine") return Action::PrintMachine;
  if (arg == "-print-multi-os-directory") return Action::PrintDot;
  if (arg == "-print-multi-lib") return Action::PrintMultilibs;
  if (arg == "-dumpversion" || arg == "-dumpfullversion") return Action::PrintVersion;
  if (arg == "-kontain-options") return Action::PrintOptions;
  return std::nullopt;
}

// The question that the arguments ask, if they ask one of ours.
void read_question(const InputArgList& parsed, CommandLine& plan) {
  if (parsed.hasArg(options::OPT_help)) {
    plan.action = Action::Help;
  } else if (parsed.hasArg(options::OPT__version)) {
    plan.action = Action::Version;
  } else if (const Arg* program = parsed.getLastArg(options::OPT_print_prog_name_EQ)) {
    plan.action = Action::PrintProgram;
    plan.value = program->getValue();
  } else {
    for (const Arg* arg : parsed) {
      if (const auto question = own_question(parsed.getArgString(arg->getIndex()))) plan.action = *question;
    }
  }
}

bool is_option(const Arg& arg) { return !arg.getOption().matches(options::OPT_INPUT); }

// The row of options.def that refuses a check among those of -fsanitize=A,B, or nothing.
const GccOption* refused_check(const Arg& arg) {
  if (!arg.getOption().matches(options::OPT_fsanitize_EQ)) return nullptr;
  for (const char* check : arg.getValues()) {
    const GccOption* option = find_gcc_option(std::string("-fsanitize=") + check);
    if (option && option->treatment == Treatment::Refused) return option;
  }
  return nullptr;
}

// `args` as clang wants them: without those that options.def ignores, warnings by clang's names; fails for those that
// it refuses. `parsed` tells options from the values of options.
Result<std::vector<std::string>> treat_options(std::vector<std::string> args, const InputArgList& parsed) {
  std::vector<bool> dropped(args.size(), false);
  for (const Arg* arg : parsed) {
    const unsigned index = arg->getIndex();
    if (!is_option(*arg) || index >= args.size()) continue;
    if (arg->getOption().getID() == options::OPT_W_Joined) {
      const std::optional<std::string> warning = treat_warning(arg->getValue());
      dropped[index] = !warning;
      args[index] = "-W" + warning.value_or("");
      continue;
    }
    if (const GccOption* refused = refused_check(*arg)) return fail("error", args[index], refused->note);
    const GccOption* option = find_gcc_option(args[index]);
    if (!option) continue;
    if (option->treatment == Treatment::Refused) return fail("error", args[index], option->note);
    if (option->treatment != Treatment::Ignored) continue;
    dropped[index] = true;
    // The value of an option such as "--param NAME=VALUE".
    if (args[index] == "--param" && index + 1 < args.size()) dropped[index + 1] = true;
  }
  std::vector<std::string> out;
  for (size_t i = 0; i < args.size(); ++i) {
    if (!dropped[i]) out.push_back(args[i]);
  }
  return out;
}

// The runtime of -fsanitize= is the small one.
void add_sanitizer_runtime(const InputArgList& parsed, std::vector<std::string>& out) {
  if (!parsed.hasArg(options::OPT_fsanitize_EQ) || parsed.hasArg(options::OPT_fsanitize_trap_EQ)) return;
  out.push_back("-fsanitize-minimal-runtime");
  out.push_back("-fno-sanitize=vptr,function");
}

// Old C that GCC 12 takes with a warning; clang's default is an error, which a build system would notice. With -Werror
// they are errors in both.
void accept_old_c(const InputArgList& parsed, std::vector<std::string>& out) {
  const std::vector<std::string> warnings = parsed.getAllArgValues(options::OPT_W_Joined);
  if (std::find(warnings.begin(), warnings.end(), "error") != warnings.end()) return;
  for (const char* name : {"implicit-function-declaration", "implicit-int", "int-conversion",
                           "incompatible-function-pointer-types", "return-mismatch"}) {
    out.push_back(std::string("-Wno-error=") + name);
  }
}

bool last_is(const InputArgList& parsed, options::ID wanted, options::ID other) {
  const Arg* last = parsed.getLastArg(wanted, other);
  return last && last->getOption().matches(wanted);
}

// The option that makes the driver link as Kontain wants, or none when the arguments settle it.
Result<std::vector<std::string>> link_mode(const InputArgList& parsed) {
  const bool is_static = parsed.hasArg(options::OPT_static, options::OPT_static_pie);
  if (parsed.hasArg(options::OPT_dynamic)) {
    if (is_static) return fail("error", "-dynamic", "cannot be combined with -static or -static-pie");
    return std::vector<std::string>{};
  }
  if (parsed.hasArg(options::OPT_shared, options::OPT_r, options::OPT_static_pie)) return std::vector<std::string>{};
  if (last_is(parsed, options::OPT_no_pie, options::OPT_pie)) return std::vector<std::string>{"-static"};
  // gcc's "-static -pie" means what "-static-pie" means here.
  if (is_static && !parsed.hasArg(options::OPT_pie)) return std::vector<std::string>{};
  return std::vector<std::string>{"-static-pie"};
}

std::vector<std::string> sdk_options(const linker::Sdk& sdk) {
  return {"--no-default-config",
          // gcc says nothing about -pie next to -c and the like.
          "-Wno-unused-command-line-argument",
          // A warning that only GCC has is one line, with -Werror too.
          "-Wno-error=unknown-warning-option", "--sysroot=" + sdk.sysroot,
          // Where installations of GCC and CUDA are looked for: here, so that the host's are never found.
          "--gcc-toolchain=" + sdk.sysroot + "/usr", "--cuda-path=" + sdk.sysroot + "/usr",
          "-resource-dir=" + sdk.clang, "--rtlib=compiler-rt", "--unwindlib=libunwind", "-stdlib=libc++",
          "-fuse-ld=lld", "--ld-path=" + sdk.bin + "/kontain-ld"};
}

void append(std::vector<std::string>& out, const std::vector<std::string>& more) {
  out.insert(out.end(), more.begin(), more.end());
}

}  // namespace

Result<CommandLine> plan_command_line(const std::vector<std::string>& args, const linker::Sdk& sdk, Language language) {
  CommandLine plan;
  unsigned missing_index = 0;
  unsigned missing_count = 0;
  const std::vector<const char*> argv = c_strings(args);
  const InputArgList parsed = clang::driver::getDriverOptTable().ParseArgs(argv, missing_index, missing_count,
                                                                           llvm::opt::Visibility(options::ClangOption));
  read_question(parsed, plan);
  plan.verbose = parsed.hasArg(options::OPT_v, options::OPT__HASH_HASH_HASH);
  TRY_ASSIGN(const std::vector<std::string> mode, link_mode(parsed));

  TRY_ASSIGN(const std::vector<std::string> treated, treat_options(args, parsed));

  if (language == Language::Cxx) plan.args.push_back("--driver-mode=g++");
  plan.args.push_back("--start-no-unused-arguments");
  append(plan.args, sdk_options(sdk));
  append(plan.args, mode);
  add_sanitizer_runtime(parsed, plan.args);
  accept_old_c(parsed, plan.args);
  // The driver leaves this out of static-PIE links.
  if (parsed.hasArg(options::OPT_rdynamic)) plan.args.push_back("-Wl,--export-dynamic");
  plan.args.push_back("--end-no-unused-arguments");
  append(plan.args, treated);
  return plan;
}

}  // namespace kontain::toolchain
