#include "toolchain/driver.h"

#include <clang/Basic/DiagnosticOptions.h>
#include <clang/Driver/Action.h>
#include <clang/Driver/Compilation.h>
#include <clang/Driver/Driver.h>
#include <clang/Driver/DriverDiagnostic.h>
#include <clang/Driver/Job.h>
#include <clang/Driver/Options.h>
#include <clang/Driver/Tool.h>
#include <clang/Driver/ToolChain.h>
#include <clang/Driver/Types.h>
#include <clang/Frontend/CompilerInvocation.h>
#include <clang/Frontend/TextDiagnosticPrinter.h>
#include <llvm/Option/ArgList.h>
#include <llvm/Support/CrashRecoveryContext.h>
#include <llvm/Support/Signals.h>
#include <llvm/Support/VirtualFileSystem.h>
#include <llvm/Support/raw_ostream.h>
#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <memory>

#include "base/log.h"
#include "linker/link.h"
#include "toolchain/cc1.h"
#include "toolchain/cc1as.h"

// llvm/Support/TargetSelect.h would name every target that LLVM was built with; only this one is wanted.
extern "C" {
void LLVMInitializeX86TargetInfo();
void LLVMInitializeX86Target();
void LLVMInitializeX86TargetMC();
void LLVMInitializeX86AsmPrinter();
void LLVMInitializeX86AsmParser();
}

namespace kontain::toolchain {
namespace {

using clang::driver::Command;
using clang::driver::Compilation;
using clang::driver::Driver;
namespace options = clang::driver::options;
namespace types = clang::driver::types;

constexpr char kTriple[] = "x86_64-linux-musl";

// Environment variables that add host directories to a search, or override options (clang(1), gcc(1) "Environment").
constexpr const char* kSearchPathVariables[] = {"CPATH",
                                                "C_INCLUDE_PATH",
                                                "CPLUS_INCLUDE_PATH",
                                                "OBJC_INCLUDE_PATH",
                                                "OBJCPLUS_INCLUDE_PATH",
                                                "LIBRARY_PATH",
                                                "COMPILER_PATH",
                                                "GCC_EXEC_PREFIX",
                                                "LD_RUN_PATH",
                                                "SDKROOT",
                                                "SYSROOT",
                                                "CLANG_CONFIG_FILE_SYSTEM_DIR",
                                                "CLANG_CONFIG_FILE_USER_DIR",
                                                "CCC_OVERRIDE_OPTIONS"};

bool is_supported_input(types::ID type) {
  switch (type) {
    case types::TY_C:
    case types::TY_PP_C:
    case types::TY_CHeader:
    case types::TY_PP_CHeader:
    case types::TY_CXX:
    case types::TY_PP_CXX:
    case types::TY_CXXHeader:
    case types::TY_PP_CXXHeader:
    case types::TY_CXXModule:
    case types::TY_PP_CXXModule:
    case types::TY_ModuleFile:
    case types::TY_Asm:
    case types::TY_PP_Asm:
    case types::TY_LLVM_IR:
    case types::TY_LLVM_BC:
    case types::TY_LTO_IR:
    case types::TY_LTO_BC:
    case types::TY_PCH:
    case types::TY_Object: return true;
    default: return false;
  }
}

// The source files among the inputs of `action` that this compiler cannot read, each with its reason.
void find_unsupported_inputs(const clang::driver::Action& action, std::vector<std::string>& messages) {
  if (const auto* input = llvm::dyn_cast<clang::driver::InputAction>(&action)) {
    if (is_supported_input(input->getType())) return;
    const std::string name = input->getInputArg().getValue();
    messages.push_back(name + ": no compiler for " + types::getTypeName(input->getType()));
    return;
  }
  for (const clang::driver::Action* part : action.inputs()) find_unsupported_inputs(*part, messages);
}

bool inputs_are_supported(const Compilation& compilation, clang::DiagnosticsEngine& diagnostics) {
  std::vector<std::string> messages;
  for (const clang::driver::Action* action : compilation.getActions()) find_unsupported_inputs(*action, messages);
  // An input can be reached by several actions.
  messages.erase(std::unique(messages.begin(), messages.end()), messages.end());
  const unsigned id = diagnostics.getCustomDiagID(clang::DiagnosticsEngine::Error, "%0");
  for (const std::string& message : messages) diagnostics.Report(id) << message;
  return messages.empty();
}

bool target_is_supported(const Compilation& compilation, clang::DiagnosticsEngine& diagnostics) {
  const llvm::Triple& triple = compilation.getDefaultToolChain().getTriple();
  if (triple.getArch() == llvm::Triple::x86_64 && triple.isOSLinux() && triple.getEnvironment() == llvm::Triple::Musl) {
    return true;
  }
  const unsigned id =
      diagnostics.getCustomDiagID(clang::DiagnosticsEngine::Error, "target '%0' is not supported: payloads are %1");
  diagnostics.Report(id) << triple.str() << kTriple;
  return false;
}

bool is_linker(const Command& command) { return command.getCreator().isLinkJob(); }

// The compiler and assembler of this process are CC1Commands; everything else but the linker would be a program of the
// host's (-fno-integrated-as, --ld-path=...).
bool is_in_process(const Command& command, const linker::Sdk& sdk) {
  if (is_linker(command)) return llvm::StringRef(command.getExecutable()) == sdk.bin + "/kontain-ld";
  const auto& args = command.getArguments();
  return !args.empty() && llvm::StringRef(args[0]).starts_with("-cc1");
}

bool commands_are_in_process(Compilation& compilation, const linker::Sdk& sdk, clang::DiagnosticsEngine& diagnostics) {
  const unsigned id = diagnostics.getCustomDiagID(clang::DiagnosticsEngine::Error,
                                                  "this needs the program '%0', and the SDK runs no other program");
  for (Command& command : compilation.getJobs()) {
    if (!is_in_process(command, sdk)) return diagnostics.Report(id) << command.getExecutable(), false;
    // The driver would start several commands as processes of their own.
    command.InProcess = true;
  }
  return true;
}

int run_linker(const Command& command) {
  const auto& args = command.getArguments();
  const Result<int> status = linker::link({args.begin(), args.end()});
  if (status) return *status;
  print_error(status.error());
  return 1;
}

// Holds back the signals that end a compiler. The driver creates temporary files before anybody knows their names.
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t held;
    sigemptyset(&held);
    for (int signal : {SIGHUP, SIGINT, SIGTERM}) sigaddset(&held, signal);
    pthread_sigmask(SIG_BLOCK, &held, &before_);
  }
  ~HeldSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

 private:
  sigset_t before_;
};

// The commands that `argv` asks for; an interruption from now on removes their temporary files. May be null.
std::unique_ptr<Compilation> build_compilation(Driver& driver, llvm::ArrayRef<const char*> argv) {
  const HeldSignals held;
  std::unique_ptr<Compilation> compilation(driver.BuildCompilation(argv));
  if (compilation) {
    for (const char* file : compilation->getTempFiles()) llvm::sys::RemoveFileOnSignal(file);
  }
  return compilation;
}

// Runs the commands of one compilation in order.
class JobRunner {
 public:
  JobRunner(Compilation& compilation, const Driver& driver) : compilation_(compilation), driver_(driver) {}

  // Returns the exit status of the whole. After a failure, what does not depend on it is still done, as gcc has it.
  int run() {
    for (const Command& command : compilation_.getJobs()) {
      if (!depends_on_failure(command.getSource())) run_one(command);
    }
    for (const Command* command : failed_) {
      const auto* action = llvm::cast<clang::driver::JobAction>(&command->getSource());
      compilation_.CleanupFileMap(compilation_.getResultFiles(), action, true);
      compilation_.CleanupFileMap(compilation_.getFailureResultFiles(), action, true);
    }
    compilation_.CleanupFileList(compilation_.getTempFiles());
    return failed_.empty() ? 0 : 1;
  }

 private:
  bool depends_on_failure(const clang::driver::Action& action) const {
    for (const Command* command : failed_) {
      if (&command->getSource() == &action) return true;
    }
    return std::any_of(action.input_begin(), action.input_end(),
                       [&](const clang::driver::Action* input) { return depends_on_failure(*input); });
  }

  void run_one(const Command& command) {
    if (compilation_.getArgs().hasArg(options::OPT_v)) command.Print(llvm::errs(), "\n", /*Quote=*/false);
    std::string error;
    bool not_executed = false;
    const int status = is_linker(command) ? run_linker(command) : command.Execute({}, &error, &not_executed);
    if (status == 0) return;
    failed_.push_back(&command);
    // The compiler has said what is wrong with the source; for anything else say which command it was.
    if (status == 1 && command.getCreator().hasGoodDiagnostics()) return;
    driver_.Diag(clang::diag::err_drv_command_failed) << command.getCreator().getShortName() << status;
  }

  Compilation& compilation_;
  const Driver& driver_;
  std::vector<const Command*> failed_;
};

}  // namespace

void initialise_target() {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  LLVMInitializeX86AsmParser();
}

void forget_search_paths() {
  for (const char* name : kSearchPathVariables) unsetenv(name);
}

int run_tool(std::vector<const char*> argv) {
  llvm::SmallVector<const char*, 64> args(argv.begin(), argv.end());
  const llvm::StringRef tool = args.size() > 1 ? args[1] : "";
  if (tool == "-cc1") return run_cc1(args);
  if (tool == "-cc1as") return run_cc1as(args);
  print_error("error: no such tool: '" + tool.str() + "'");
  return 1;
}

int run_driver(const linker::Sdk& sdk, const std::vector<std::string>& args) {
  const std::string program = sdk.bin + "/kontain-gcc";
  std::vector<const char*> argv = {program.c_str()};
  for (const std::string& arg : args) argv.push_back(arg.c_str());

  llvm::IntrusiveRefCntPtr<clang::DiagnosticOptions> looks = clang::CreateAndPopulateDiagOpts(argv).release();
  auto* printer = new clang::TextDiagnosticPrinter(llvm::errs(), looks.get());
  printer->setPrefix(tool_name());
  clang::DiagnosticsEngine diagnostics(new clang::DiagnosticIDs, looks, printer);
  clang::ProcessWarningOptions(diagnostics, *looks, /*ReportDiags=*/false);

  llvm::CrashRecoveryContext::Enable();
  // A reader of the messages that goes away ends the compiler as a signal does: without its temporary files.
  llvm::sys::SetOneShotPipeSignalFunction(llvm::sys::DefaultOneShotPipeSignalHandler);
  Driver driver(program, kTriple, diagnostics, tool_name(), llvm::vfs::getRealFileSystem());
  driver.CC1Main = [](llvm::SmallVectorImpl<const char*>& command) {
    return run_tool({command.begin(), command.end()});
  };
  const std::unique_ptr<Compilation> compilation = build_compilation(driver, argv);
  if (!compilation) return 1;
  if (diagnostics.hasErrorOccurred() || !target_is_supported(*compilation, diagnostics) ||
      !inputs_are_supported(*compilation, diagnostics) || !commands_are_in_process(*compilation, sdk, diagnostics)) {
    compilation->CleanupFileList(compilation->getTempFiles());
    return 1;
  }
  if (compilation->getArgs().hasArg(options::OPT__HASH_HASH_HASH)) {
    compilation->getJobs().Print(llvm::errs(), "\n", /*Quote=*/true);
    return diagnostics.hasErrorOccurred() ? 1 : 0;
  }
  return JobRunner(*compilation, driver).run();
}

}  // namespace kontain::toolchain
