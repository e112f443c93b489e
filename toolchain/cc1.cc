#include "toolchain/cc1.h"

#include <clang/Basic/Stack.h>
#include <clang/CodeGen/CodeGenAction.h>
#include <clang/CodeGen/ObjectFilePCHContainerOperations.h>
#include <clang/Frontend/CompilerInstance.h>
#include <clang/Frontend/CompilerInvocation.h>
#include <clang/Frontend/FrontendActions.h>
#include <clang/Frontend/TextDiagnosticBuffer.h>
#include <llvm/Support/CommandLine.h>
#include <llvm/Support/ErrorHandling.h>
#include <llvm/Support/Process.h>
#include <llvm/Support/raw_ostream.h>

#include <memory>
#include <vector>

#include "base/log.h"

namespace kontain::toolchain {
namespace {

using clang::CompilerInstance;
using clang::FrontendAction;

std::unique_ptr<FrontendAction> make_action(clang::frontend::ActionKind kind) {
  using namespace clang::frontend;
  switch (kind) {
    case EmitObj: return std::make_unique<clang::EmitObjAction>();
    case EmitAssembly: return std::make_unique<clang::EmitAssemblyAction>();
    case EmitBC: return std::make_unique<clang::EmitBCAction>();
    case EmitLLVM: return std::make_unique<clang::EmitLLVMAction>();
    case EmitLLVMOnly: return std::make_unique<clang::EmitLLVMOnlyAction>();
    case EmitCodeGenOnly: return std::make_unique<clang::EmitCodeGenOnlyAction>();
    case PrintPreprocessedInput: return std::make_unique<clang::PrintPreprocessedAction>();
    case RunPreprocessorOnly: return std::make_unique<clang::PreprocessOnlyAction>();
    case ParseSyntaxOnly: return std::make_unique<clang::SyntaxOnlyAction>();
    case GeneratePCH: return std::make_unique<clang::GeneratePCHAction>();
    case ASTDump: return std::make_unique<clang::ASTDumpAction>();
    case PrintDependencyDirectivesSourceMinimizerOutput:
      return std::make_unique<clang::PrintDependencyDirectivesSourceMinimizerAction>();
    default: return nullptr;
  }
}

// -mllvm options: LLVM keeps them in global variables.
void apply_llvm_options(const std::vector<std::string>& options) {
  if (options.empty()) return;
  std::vector<const char*> argv = {"kontain-gcc (LLVM option parsing)"};
  for (const std::string& option : options) argv.push_back(option.c_str());
  llvm::cl::ParseCommandLineOptions(static_cast<int>(argv.size()), argv.data());
}

bool run_action(CompilerInstance& compiler) {
  std::unique_ptr<FrontendAction> action = make_action(compiler.getFrontendOpts().ProgramAction);
  if (!action) {
    llvm::errs() << tool_name() << ": error: this compiler has no such -cc1 action\n";
    return false;
  }
  apply_llvm_options(compiler.getFrontendOpts().LLVMArgs);
  return compiler.ExecuteAction(*action);
}

// Called by LLVM when it cannot go on: says so and leaves, through crash recovery if that is active.
void report_fatal(void* diagnostics, const char* message, bool gen_crash_diagnostics) {
  auto& engine = *static_cast<clang::DiagnosticsEngine*>(diagnostics);
  engine.Report(engine.getCustomDiagID(clang::DiagnosticsEngine::Fatal, "%0")) << message;
  llvm::sys::Process::Exit(gen_crash_diagnostics ? 70 : 1);
}

}  // namespace

int run_cc1(llvm::SmallVectorImpl<const char*>& argv) {
  clang::noteBottomOfStack();
  // LLVM's options are global; an earlier command of this process may have set some.
  llvm::cl::ResetAllOptionOccurrences();

  auto compiler = std::make_unique<CompilerInstance>();
  auto containers = compiler->getPCHContainerOperations();
  containers->registerWriter(std::make_unique<clang::ObjectFilePCHContainerWriter>());
  containers->registerReader(std::make_unique<clang::ObjectFilePCHContainerReader>());

  // Messages about the options wait until the options have said how messages look.
  auto* early = new clang::TextDiagnosticBuffer;
  clang::DiagnosticsEngine early_engine(new clang::DiagnosticIDs, new clang::DiagnosticOptions, early);
  const bool parsed = clang::CompilerInvocation::CreateFromArgs(
      compiler->getInvocation(), llvm::ArrayRef(argv).drop_front(2), early_engine, argv[0]);
  compiler->createDiagnostics();
  if (!compiler->hasDiagnostics()) return 1;
  early->FlushDiagnostics(compiler->getDiagnostics());
  if (!parsed) return 1;

  llvm::ScopedFatalErrorHandler fatal_handler(report_fatal, &compiler->getDiagnostics());
  // Several commands share this process, so each gives its memory back.
  compiler->getFrontendOpts().DisableFree = false;
  compiler->getCodeGenOpts().DisableFree = false;
  return run_action(*compiler) ? 0 : 1;
}

}  // namespace kontain::toolchain
