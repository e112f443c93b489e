#include "toolchain/command_line.h"

#include <clang/Driver/Options.h>
#include <llvm/Option/ArgList.h>
#include <llvm/Option/OptTable.h>

#include <algorithm>
#include <string_view>

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

// Clang's driver does not know -print-sysroot.
bool asks_for_sysroot(const std::vector<std::string>& args) {
  return std::any_of(args.begin(), args.end(), [](const std::string& arg) {
    const std::string_view text = arg;
    return text == "-print-sysroot" || text == "--print-sysroot";
  });
}

// The question that the arguments ask, if they ask one of ours.
void read_question(const InputArgList& parsed, CommandLine& plan) {
  if (parsed.hasArg(options::OPT_help)) {
    plan.action = Action::Help;
  } else if (parsed.hasArg(options::OPT__version)) {
    plan.action = Action::Version;
  } else if (parsed.hasArg(options::OPT_dumpmachine)) {
    plan.action = Action::PrintMachine;
  } else if (const Arg* program = parsed.getLastArg(options::OPT_print_prog_name_EQ)) {
    plan.action = Action::PrintProgram;
    plan.value = program->getValue();
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
          "-Wno-unused-command-line-argument", "--sysroot=" + sdk.sysroot,
          // Where installations of GCC and CUDA are looked for: here, so that the host's are never found.
          "--gcc-toolchain=" + sdk.sysroot + "/usr", "--cuda-path=" + sdk.sysroot + "/usr",
          "-resource-dir=" + sdk.clang, "--rtlib=compiler-rt", "--unwindlib=none", "-fuse-ld=lld",
          "--ld-path=" + sdk.bin + "/kontain-ld"};
}

void append(std::vector<std::string>& out, const std::vector<std::string>& more) {
  out.insert(out.end(), more.begin(), more.end());
}

}  // namespace

Result<CommandLine> plan_command_line(const std::vector<std::string>& args, const linker::Sdk& sdk) {
  CommandLine plan;
  if (asks_for_sysroot(args)) {
    plan.action = Action::PrintSysroot;
    return plan;
  }
  unsigned missing_index = 0;
  unsigned missing_count = 0;
  const std::vector<const char*> argv = c_strings(args);
  const InputArgList parsed = clang::driver::getDriverOptTable().ParseArgs(argv, missing_index, missing_count,
                                                                           llvm::opt::Visibility(options::ClangOption));
  read_question(parsed, plan);
  plan.verbose = parsed.hasArg(options::OPT_v, options::OPT__HASH_HASH_HASH);
  TRY_ASSIGN(const std::vector<std::string> mode, link_mode(parsed));

  plan.args.push_back("--start-no-unused-arguments");
  append(plan.args, sdk_options(sdk));
  append(plan.args, mode);
  plan.args.push_back("--end-no-unused-arguments");
  append(plan.args, args);
  return plan;
}

}  // namespace kontain::toolchain
