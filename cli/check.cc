#include "cli/check.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "base/subprocess.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "cli/support/output.h"
#include "linker/analyser/report.h"

namespace kontain::cli {
namespace {

namespace fs = std::filesystem;

struct CheckOptions {
  std::vector<std::string> paths;
  bool learn = false;  // the first path is run with the others as its arguments
  std::string root;
  bool json = false;
  bool all = false;
};

// Files of a folder that somebody could start or load: ELF files, and scripts that may be executed.
bool is_candidate(const fs::directory_entry& entry) {
  std::error_code error;
  if (!entry.is_regular_file(error) || entry.is_symlink(error)) return false;
  std::FILE* file = std::fopen(entry.path().c_str(), "rbe");
  if (!file) return false;
  uint8_t head[4] = {};
  const size_t size = std::fread(head, 1, sizeof head, file);
  std::fclose(file);
  const analyser::FileKind kind = analyser::kind_of({head, size});
  const bool executable = (entry.status(error).permissions() & fs::perms::owner_exec) != fs::perms::none;
  return kind == analyser::FileKind::Elf || (kind == analyser::FileKind::Script && executable);
}

Result<std::vector<std::string>> files_of(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return std::vector<std::string>{path};
  std::vector<std::string> files;
  fs::recursive_directory_iterator entry(path, fs::directory_options::skip_permission_denied, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (is_candidate(*entry)) files.push_back(entry->path());
  }
  if (error) return fail_errno(path, "", error.value());
  if (files.empty()) return fail(path, "", "holds no programs");
  std::sort(files.begin(), files.end());
  return files;
}

// The names before the parentheses of `km --trace`'s lines.
std::vector<std::string> names_in_trace(const std::string& trace) {
  std::vector<std::string> names;
  for (const std::string& line : split(trace, '\n')) {
    const size_t end = line.find('(');
    if (end == std::string::npos) continue;
    const size_t start = line.find_last_of(" \t]", end);
    names.push_back(
        line.substr(start == std::string::npos ? 0 : start + 1, end - (start == std::string::npos ? 0 : start + 1)));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

// Runs the program under the km beside this program and adds the calls that it made.
Result<void> learn(analyser::Report& report, const std::vector<std::string>& arguments) {
  std::error_code error;
  const fs::path own = fs::read_symlink("/proc/self/exe", error);
  if (error) return fail_errno("/proc/self/exe", "", error.value());
  // A file without a name, apart from what the program prints itself.
  const UniqueFd trace(memfd_create("kontain-trace", MFD_CLOEXEC));
  if (!trace) return fail_errno("--learn", "memfd_create", errno);
  const std::string trace_path = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(trace.get());
  std::vector<std::string> command = {
      own.parent_path() / "km", "--trace", "--trace-file", trace_path, "--", report.path};
  command.insert(command.end(), arguments.begin(), arguments.end());
  TRY_ASSIGN(const SubprocessResult run, run_subprocess(command));
  if (run.signal == 0 && run.exit_code >= 125) {
    const std::vector<std::string> lines = split(run.err, '\n');
    return fail("--learn", report.path, "km ended with " + std::to_string(run.exit_code) + ": " + lines[0]);
  }
  TRY_ASSIGN(const std::vector<uint8_t> text, analyser::read_file(trace_path));
  analyser::merge_learned(report, names_in_trace({text.begin(), text.end()}));
  return {};
}

Result<int> check(const CheckOptions& options) {
  std::vector<analyser::Report> reports;
  analyser::CodeCache libraries;
  int worst = 0;
  const size_t count = options.learn ? 1 : options.paths.size();
  for (size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const std::vector<std::string> files, files_of(options.paths[i]));
    for (const std::string& file : files) {
      auto report = analyser::check_file(file, {.root = options.root, .cache = &libraries});
      if (!report) {
        // In a folder, one broken file does not hide the others.
        if (files.size() == 1) return tl::make_unexpected(report.error());
        analyser::Report broken;
        broken.path = file;
        broken.problems.push_back(report.error().reason);
        report = std::move(broken);
      }
      worst = std::max(worst, static_cast<int>(report->verdict()));
      reports.push_back(std::move(*report));
    }
  }
  if (options.learn) {
    if (reports.size() != 1) return fail("--learn", "", "one program at a time");
    TRY(learn(reports[0], {options.paths.begin() + 1, options.paths.end()}));
  }
  std::string text = options.json ? analyser::reports_as_json(reports) : "";
  const auto detail = options.all ? analyser::Detail::AllCalls : analyser::Detail::Short;
  if (!options.json) {
    for (const analyser::Report& report : reports) text += analyser::report_as_text(report, detail);
  }
  TRY(print(text));
  return worst;
}

}  // namespace

void add_check(CLI::App& app, int& status) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* verb = app.add_subcommand("check", "Say whether programs will run under km, and why not");
  verb->add_option("path", options->paths, "Programs, scripts, libraries, or folders of them")->required();
  verb->add_option("--root", options->root, "The folder that is the programs' /: an unpacked image");
  verb->add_flag("--learn", options->learn,
                 "Run the program under km, the other paths being its arguments, and add what it did");
  verb->add_flag("--json", options->json, "Print an array of objects");
  verb->add_flag("--all", options->all, "Name every system call, not only those with limits");
  verb->callback([options, &status] { status = exit_status(check(*options)); });
}

}  // namespace kontain::cli
