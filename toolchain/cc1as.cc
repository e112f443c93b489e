#include "toolchain/cc1as.h"

#include <clang/Driver/OptionUtils.h>
#include <clang/Driver/Options.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/MC/MCAsmBackend.h>
#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCCodeEmitter.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCInstPrinter.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCObjectFileInfo.h>
#include <llvm/MC/MCObjectWriter.h>
#include <llvm/MC/MCParser/MCAsmParser.h>
#include <llvm/MC/MCParser/MCTargetAsmParser.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCStreamer.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/MCTargetOptions.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Option/ArgList.h>
#include <llvm/Option/OptTable.h>
#include <llvm/Support/CommandLine.h>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/FormattedStream.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/ToolOutputFile.h>
#include <llvm/Support/raw_ostream.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"

namespace kontain::toolchain {
namespace {

namespace options = clang::driver::options;
using llvm::opt::ArgList;

enum class Output { Object, Text, Nothing };

struct Request {
  std::string triple;
  std::string cpu;
  std::string features;  // "+sse4.2,-avx"
  std::string input = "-";
  std::string output = "-";
  std::string main_file_name;
  std::string compilation_directory;
  std::string producer;       // DW_AT_producer
  std::string command_flags;  // what -grecord-command-line records
  std::vector<std::string> include_directories;
  std::vector<std::string> symbol_definitions;  // NAME=NUMBER
  std::vector<std::string> llvm_options;
  std::vector<std::pair<std::string, std::string>> prefix_map;
  llvm::MCTargetOptions target;
  Output kind = Output::Object;
  bool position_independent = true;
  bool debug_info = false;
  unsigned dwarf_version = 5;
};

void complain(const llvm::Twine& text) { llvm::errs() << tool_name() << ": error: " << text << '\n'; }

llvm::DebugCompressionType compression_of(llvm::StringRef name) {
  if (name == "zlib") return llvm::DebugCompressionType::Zlib;
  if (name == "zstd") return llvm::DebugCompressionType::Zstd;
  return llvm::DebugCompressionType::None;
}

void read_target_options(const ArgList& args, llvm::MCTargetOptions& target) {
  target.MCRelaxAll = args.hasArg(options::OPT_mrelax_all);
  target.MCNoExecStack = args.hasArg(options::OPT_mno_exec_stack);
  target.MCFatalWarnings = args.hasArg(options::OPT_massembler_fatal_warnings);
  target.MCNoWarn = args.hasArg(options::OPT_massembler_no_warn);
  target.MCSaveTempLabels = args.hasArg(options::OPT_msave_temp_labels);
  target.ShowMCInst = args.hasArg(options::OPT_show_inst);
  target.ShowMCEncoding = args.hasArg(options::OPT_show_encoding);
  target.Crel = args.hasArg(options::OPT_crel);
  target.X86RelaxRelocations = !args.hasArg(options::OPT_mrelax_relocations_no);
  target.X86Sse2Avx = args.hasArg(options::OPT_msse2avx);
  target.Dwarf64 = args.hasArg(options::OPT_gdwarf64);
  target.AsmVerbose = true;
}

void read_debug_options(const ArgList& args, Request& request) {
  request.debug_info = args.hasArg(options::OPT_debug_info_kind_EQ);
  request.dwarf_version = clang::getLastArgIntValue(args, options::OPT_dwarf_version_EQ, 5);
  request.target.DwarfVersion = static_cast<int>(request.dwarf_version);
  request.producer = args.getLastArgValue(options::OPT_dwarf_debug_producer);
  request.command_flags = args.getLastArgValue(options::OPT_dwarf_debug_flags);
  request.compilation_directory = args.getLastArgValue(options::OPT_fdebug_compilation_dir_EQ);
  for (const std::string& map : args.getAllArgValues(options::OPT_fdebug_prefix_map_EQ)) {
    const auto [from, to] = llvm::StringRef(map).split('=');
    request.prefix_map.emplace_back(from, to);
  }
  if (const auto* arg = args.getLastArg(options::OPT_compress_debug_sections_EQ)) {
    request.target.CompressDebugSections = compression_of(arg->getValue());
  }
}

Output output_of(const ArgList& args) {
  const llvm::StringRef type = args.getLastArgValue(options::OPT_filetype, "obj");
  if (type == "asm") return Output::Text;
  return type == "null" ? Output::Nothing : Output::Object;
}

std::optional<Request> read_request(llvm::ArrayRef<const char*> argv) {
  unsigned missing_index = 0;
  unsigned missing_count = 0;
  const llvm::opt::InputArgList args = clang::driver::getDriverOptTable().ParseArgs(
      argv, missing_index, missing_count, llvm::opt::Visibility(options::CC1AsOption));
  if (missing_count != 0)
    return complain(llvm::Twine("argument to '") + args.getArgString(missing_index) + "' is missing"), std::nullopt;
  for (const auto* arg : args.filtered(options::OPT_UNKNOWN)) {
    return complain("unknown assembler option: '" + arg->getAsString(args) + "'"), std::nullopt;
  }

  Request request;
  request.triple = llvm::Triple::normalize(args.getLastArgValue(options::OPT_triple, "x86_64-linux-musl"));
  request.cpu = args.getLastArgValue(options::OPT_target_cpu);
  request.features = llvm::join(args.getAllArgValues(options::OPT_target_feature), ",");
  request.input = args.getLastArgValue(options::OPT_INPUT, "-");
  request.output = args.getLastArgValue(options::OPT_o, "-");
  request.main_file_name = args.getLastArgValue(options::OPT_main_file_name);
  request.include_directories = args.getAllArgValues(options::OPT_I);
  request.symbol_definitions = args.getAllArgValues(options::OPT_defsym);
  request.llvm_options = args.getAllArgValues(options::OPT_mllvm);
  request.kind = output_of(args);
  request.position_independent = args.getLastArgValue(options::OPT_mrelocation_model, "pic") != "static";
  read_target_options(args, request.target);
  read_debug_options(args, request);
  return request;
}

// The parts of LLVM's machine-code layer that describe the target.
struct Target {
  const llvm::Target* target = nullptr;
  std::unique_ptr<llvm::MCRegisterInfo> registers;
  std::unique_ptr<llvm::MCAsmInfo> syntax;
  std::unique_ptr<llvm::MCInstrInfo> instructions;
  std::unique_ptr<llvm::MCSubtargetInfo> features;
};

std::optional<Target> find_target(const Request& request) {
  std::string error;
  Target out;
  out.target = llvm::TargetRegistry::lookupTarget(request.triple, error);
  if (!out.target) return complain(error), std::nullopt;
  out.registers.reset(out.target->createMCRegInfo(request.triple));
  out.syntax.reset(out.target->createMCAsmInfo(*out.registers, request.triple, request.target));
  out.instructions.reset(out.target->createMCInstrInfo());
  out.features.reset(out.target->createMCSubtargetInfo(request.triple, request.cpu, request.features));
  return out;
}

void describe_debug_info(const Request& request, llvm::StringRef text, llvm::MCContext& context) {
  context.setDwarfVersion(static_cast<uint16_t>(request.dwarf_version));
  if (!request.compilation_directory.empty()) context.setCompilationDir(request.compilation_directory);
  for (const auto& [from, to] : request.prefix_map) context.addDebugPrefixMapEntry(from, to);
  if (!request.main_file_name.empty()) context.setMainFileName(request.main_file_name);
  if (!request.debug_info) return;
  context.setGenDwarfForAssembly(true);
  if (!request.producer.empty()) context.setDwarfDebugProducer(request.producer);
  if (!request.command_flags.empty()) context.setDwarfDebugFlags(request.command_flags);
  context.setGenDwarfRootFile(request.main_file_name.empty() ? request.input : request.main_file_name, text);
}

std::unique_ptr<llvm::MCStreamer> make_streamer(const Request& request, const Target& target, llvm::MCContext& context,
                                                llvm::raw_pwrite_stream& out) {
  const llvm::Triple triple(request.triple);
  if (request.kind == Output::Nothing) return std::unique_ptr<llvm::MCStreamer>(createNullStreamer(context));
  std::unique_ptr<llvm::MCCodeEmitter> emitter(target.target->createMCCodeEmitter(*target.instructions, context));
  std::unique_ptr<llvm::MCAsmBackend> backend(
      target.target->createMCAsmBackend(*target.features, *target.registers, request.target));
  if (request.kind == Output::Text) {
    auto* printer = target.target->createMCInstPrinter(triple, target.syntax->getAssemblerDialect(), *target.syntax,
                                                       *target.instructions, *target.registers);
    return std::unique_ptr<llvm::MCStreamer>(target.target->createAsmStreamer(
        context, std::make_unique<llvm::formatted_raw_ostream>(out), printer, std::move(emitter), std::move(backend)));
  }
  auto writer = backend->createObjectWriter(out);
  return std::unique_ptr<llvm::MCStreamer>(target.target->createMCObjectStreamer(
      triple, context, std::move(backend), std::move(writer), std::move(emitter), *target.features));
}

bool define_symbols(const Request& request, llvm::MCContext& context, llvm::MCStreamer& streamer) {
  for (const std::string& definition : request.symbol_definitions) {
    const auto [name, text] = llvm::StringRef(definition).split('=');
    int64_t value = 0;
    if (name.empty() || text.getAsInteger(0, value)) {
      return complain("defsym must be of the form NAME=NUMBER, not '" + definition + "'"), false;
    }
    context.setSymbolValue(streamer, name, static_cast<uint64_t>(value));
  }
  return true;
}

// Reads the source out of `sources` and writes the result to `out`. False after a message.
bool assemble(const Request& request, const Target& target, llvm::SourceMgr& sources, llvm::raw_pwrite_stream& out) {
  llvm::MCContext context(llvm::Triple(request.triple), target.syntax.get(), target.registers.get(),
                          target.features.get(), &sources, &request.target);
  const std::unique_ptr<llvm::MCObjectFileInfo> sections(
      target.target->createMCObjectFileInfo(context, request.position_independent));
  context.setObjectFileInfo(sections.get());
  describe_debug_info(request, sources.getMemoryBuffer(sources.getMainFileID())->getBuffer(), context);

  const std::unique_ptr<llvm::MCStreamer> streamer = make_streamer(request, target, context, out);
  if (request.kind == Output::Object) streamer->initSections(request.target.MCNoExecStack, *target.features);
  streamer->setUseAssemblerInfoForParsing(true);
  const std::unique_ptr<llvm::MCAsmParser> parser(createMCAsmParser(sources, context, *streamer, *target.syntax));
  const std::unique_ptr<llvm::MCTargetAsmParser> target_parser(
      target.target->createMCAsmParser(*target.features, *parser, *target.instructions, request.target));
  if (!define_symbols(request, context, *streamer)) return false;
  parser->setTargetParser(*target_parser);
  return !parser->Run(/*NoInitialTextSection=*/false);
}

void apply_llvm_options(const std::vector<std::string>& llvm_options) {
  llvm::cl::ResetAllOptionOccurrences();
  if (llvm_options.empty()) return;
  std::vector<const char*> argv = {"kontain-gcc (LLVM option parsing)"};
  for (const std::string& option : llvm_options) argv.push_back(option.c_str());
  llvm::cl::ParseCommandLineOptions(static_cast<int>(argv.size()), argv.data());
}

bool run(const Request& request) {
  apply_llvm_options(request.llvm_options);
  auto source = llvm::MemoryBuffer::getFileOrSTDIN(request.input, /*IsText=*/true);
  if (!source) return complain(request.input + ": " + source.getError().message()), false;
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(*source), llvm::SMLoc());
  sources.setIncludeDirs(request.include_directories);
  const std::optional<Target> target = find_target(request);
  if (!target) return false;

  // A failed or interrupted command leaves no output: ToolOutputFile removes it unless it is kept.
  std::error_code error;
  llvm::ToolOutputFile out(request.output, error, llvm::sys::fs::OF_None);
  if (error) return complain(request.output + ": " + error.message()), false;
  std::optional<llvm::buffer_ostream> seekable;
  if (!out.os().supportsSeeking()) seekable.emplace(out.os());
  llvm::raw_pwrite_stream& stream = seekable ? static_cast<llvm::raw_pwrite_stream&>(*seekable) : out.os();
  if (!assemble(request, *target, sources, stream)) return false;
  out.keep();
  return true;
}

}  // namespace

int run_cc1as(llvm::SmallVectorImpl<const char*>& argv) {
  const std::optional<Request> request = read_request(llvm::ArrayRef<const char*>(argv).drop_front(2));
  return request && run(*request) ? 0 : 1;
}

}  // namespace kontain::toolchain
