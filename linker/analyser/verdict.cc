#include "linker/analyser/verdict.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/text.h"

namespace kontain::analyser {
namespace {

namespace fs = std::filesystem;

// Scripts whose interpreter is a script, whose interpreter ... : Linux follows five (fs/exec.c).
constexpr int kMaximumScripts = 5;

std::string machine_name(uint16_t machine) {
  switch (machine) {
    case EM_386: return "i386";
    case EM_ARM: return "ARM";
    case EM_AARCH64: return "aarch64";
    case EM_RISCV: return "RISC-V";
    case EM_PPC64: return "ppc64";
    case EM_S390: return "s390x";
    default: return "machine " + std::to_string(machine);
  }
}

// Runtimes whose shadow memory stands at fixed addresses beyond what a payload owns (docs/compatibility.md).
void check_fixed_ranges(const Image& image, Report& report) {
  for (const auto& [symbol, what] :
       {std::pair("__tsan_init", "ThreadSanitizer"), std::pair("__msan_init", "MemorySanitizer"),
        std::pair("__hwasan_init", "HWAddressSanitizer")}) {
    const auto& symbols = image.file().symbols();
    const auto& imports = image.functions().imports();
    const bool defined = std::any_of(symbols.begin(), symbols.end(), [&](const Symbol& s) { return s.name == symbol; });
    if (defined || std::find(imports.begin(), imports.end(), symbol) != imports.end()) {
      report.problems.push_back(image.name + ": " + what + " wants addresses that a payload cannot have");
    }
  }
}

// The processor levels of the x86-64 psABI that GNU_PROPERTY_X86_ISA_1_NEEDED names.
void check_processor(const Image& image, Report& report) {
  struct Level {
    uint32_t bit;
    const char* name;
    bool present;
  };
  __builtin_cpu_init();
  const Level levels[] = {
      {GNU_PROPERTY_X86_ISA_1_V2, "x86-64-v2", __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt")},
      {GNU_PROPERTY_X86_ISA_1_V3, "x86-64-v3",
       __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2")},
      {GNU_PROPERTY_X86_ISA_1_V4, "x86-64-v4", __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")},
  };
  for (const Level& level : levels) {
    if ((image.file().needed_isa() & level.bit) && !level.present) {
      report.problems.push_back(image.name + ": needs a processor of the level " + level.name + ", which this is not");
    }
  }
}

void describe(const ElfFile& file, Report& report) {
  report.interpreter = file.interpreter();
  const bool starts = file.header().e_entry != 0;
  if (file.header().e_machine != EM_X86_64) {
    report.problems.push_back("it is for another processor: " + machine_name(file.header().e_machine));
  }
  switch (file.header().e_type) {
    case ET_EXEC:
    case ET_DYN:
      if (!report.interpreter.empty()) {
        report.kind = "dynamic executable";
      } else if (file.header().e_type == ET_DYN && (!starts || !file.needed().empty())) {
        report.kind = "shared library";
        report.is_program = false;
      } else {
        report.kind = "static executable";
      }
      break;
    case ET_REL:
      report.kind = "object file";
      report.is_program = false;
      break;
    default: report.kind = "core dump"; report.is_program = false;
  }
}

void note_calls(const ProgramCalls& calls, Report& report) {
  size_t refused = 0;
  for (const auto& [number, source] : calls.numbers) {
    const abi::SyscallRow* row = abi::find_syscall(number);
    report.calls.push_back({number, row, source, false});
    if (!row || row->support == abi::Support::Refused) ++refused;
  }
  report.unknown = calls.unknown;
  if (refused != 0) report.notes.push_back("it can make " + std::to_string(refused) + " calls that always fail");
  if (!calls.unknown.empty()) {
    report.notes.push_back("at " + std::to_string(calls.unknown.size()) + " places the number of a call was not found");
  }
  for (const auto& [name, source] : calls.instructions) {
    report.notes.push_back(source.image + ": " + source.function + " has " + name +
                           " instructions, which this processor lacks: SIGILL if it gets there");
  }
  for (const Source& source : calls.legacy) {
    report.notes.push_back(source.image + ": " + source.function + " has 32-bit system calls, which end in SIGSEGV");
  }
  if (calls.opens_libraries)
    report.notes.push_back("it loads more code while it runs (dlopen), which was not looked at");
}

// A library may count on the program that loads it to have others by then (Java's count on libjvm.so).
void note_missing(const std::string& name, Report& report) {
  if (name == report.interpreter) {
    report.problems.push_back("its interpreter " + name + " is not there");
  } else if (report.is_program) {
    report.problems.push_back("the library " + name + " is not there");
  } else {
    report.notes.push_back("the library " + name + " is not found; the program has to have loaded it before");
  }
}

Result<void> check_elf(const std::string& path, const SearchOptions& options, Report& report) {
  TRY_ASSIGN(const ElfFile file, ElfFile::open(path));
  describe(file, report);
  if (!report.problems.empty() || file.header().e_type == ET_REL || file.header().e_type == ET_CORE) return {};
  TRY_ASSIGN(Program program, load_program(path, options));
  for (const auto& image : program.images) {
    if (image != program.images.front()) report.libraries.push_back({image->name, image->path});
    check_fixed_ranges(*image, report);
    check_processor(*image, report);
  }
  for (const std::string& name : program.missing) note_missing(name, report);
  note_calls(find_calls(program), report);
  return {};
}

// The words of the first line: the interpreter and at most one argument (execve(2)).
std::vector<std::string> shebang_of(Bytes bytes) {
  std::string line;
  for (size_t i = 2; i < bytes.size() && i < 256 && bytes[i] != '\n'; ++i) line.push_back(static_cast<char>(bytes[i]));
  std::vector<std::string> words;
  for (std::string& word : split(line, ' ')) {
    if (!word.empty()) words.push_back(std::move(word));
  }
  return words;
}

std::string search_path(const std::string& name, const SearchOptions& options) {
  const char* folders = getenv("PATH");
  for (const std::string& folder : split(folders ? folders : "/usr/bin:/bin", ':')) {
    const std::string path = options.root + folder + "/" + name;
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

// The program that a script's first line asks for, with env(1) looked through; empty with a problem in the report.
std::string interpreter_of(Bytes script, const SearchOptions& options, Report& report) {
  const std::vector<std::string> words = shebang_of(script);
  if (words.empty()) return report.problems.push_back("its first line names no interpreter"), "";
  const std::string path = options.root + words[0];
  if (access(path.c_str(), X_OK) != 0)
    return report.problems.push_back("its interpreter " + words[0] + " is not there"), "";
  if (fs::path(words[0]).filename() != "env") return path;
  const auto name = std::find_if(words.begin() + 1, words.end(), [](const std::string& word) {
    return !word.starts_with('-') && word.find('=') == std::string::npos;
  });
  if (name == words.end()) return path;
  const std::string found = search_path(*name, options);
  if (found.empty()) report.problems.push_back("its interpreter " + *name + " is not in PATH");
  return found;
}

}  // namespace

Verdict Report::verdict() const {
  if (!problems.empty()) return Verdict::WillNotRun;
  return notes.empty() ? Verdict::Runs : Verdict::RunsWithNotes;
}

Result<Report> check_file(const std::string& path, const SearchOptions& options) {
  Report report;
  report.path = path;
  std::string program = path;
  for (int depth = 0; depth <= kMaximumScripts; ++depth) {
    TRY_ASSIGN(const std::vector<uint8_t> bytes, read_file(program));
    const FileKind kind = kind_of(bytes);
    if (kind == FileKind::Elf) {
      std::string outer = std::move(report.kind);
      if (const char* what = foreign_format(bytes)) {
        report.kind = "foreign executable";
        report.problems.push_back(std::string("it is ") + what);
      } else {
        TRY(check_elf(program, options, report));
      }
      if (!outer.empty()) report.kind = outer + ", run by " + program;
      return report;
    }
    if (kind == FileKind::Other) return fail(path, "", bytes.empty() ? "is empty" : "neither ELF file nor script");
    report.kind = "script";
    program = interpreter_of(bytes, options, report);
    if (program.empty()) return report;
  }
  report.problems.push_back("its interpreters are scripts without end");
  return report;
}

void merge_learned(Report& report, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const abi::SyscallRow* row = abi::find_syscall(name);
    if (!row || std::any_of(report.calls.begin(), report.calls.end(), [&](const FoundCall& c) { return c.row == row; }))
      continue;
    report.calls.push_back({row->number, row, {"", "seen in a run"}, true});
  }
  std::sort(report.calls.begin(), report.calls.end(),
            [](const FoundCall& a, const FoundCall& b) { return a.number < b.number; });
}

}  // namespace kontain::analyser
