#include "cli/run_verbs.h"

#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>

#include "cli/run/attend.h"
#include "cli/run/keeper.h"
#include "cli/support/files.h"
#include "cli/support/output.h"

namespace kontain::cli {
namespace {

// The options as they were written; what has a meaning of its own is parsed behind CLI11.
struct RunWords {
  RunOptions options;
  std::vector<std::string> publish;
  std::vector<std::string> volumes;
  std::vector<std::string> name_servers;
  std::vector<std::string> annotations;
  std::string memory;
  std::string network = "auto";
  std::string environment_file;
};

Result<void> read_environment_file(RunWords& words) {
  if (words.environment_file.empty()) return {};
  const auto text = read_text(words.environment_file);
  if (!text) return fail_errno("--env-file", words.environment_file, errno);
  std::vector<std::string> variables;
  size_t start = 0;
  while (start < text->size()) {
    const size_t end = std::min(text->find('\n', start), text->size());
    const std::string line = trimmed(text->substr(start, end - start));
    if (!line.empty() && line[0] != '#') variables.push_back(line);
    start = end + 1;
  }
  // What is said on the command line comes later, and wins.
  words.options.environment.insert(words.options.environment.begin(), variables.begin(), variables.end());
  return {};
}

Result<void> parse_words(RunWords& words) {
  RunOptions& options = words.options;
  std::error_code error;
  const std::string here = std::filesystem::current_path(error);
  TRY(read_environment_file(words));
  for (const std::string& text : words.publish) {
    TRY_ASSIGN(Publish publish, parse_publish(text));
    options.publish.push_back(std::move(publish));
  }
  for (const std::string& text : words.volumes) {
    TRY_ASSIGN(Volume volume, parse_volume(text, here));
    options.volumes.push_back(std::move(volume));
  }
  for (const std::string& text : words.name_servers) {
    TRY_ASSIGN(std::string server, parse_name_server(text));
    options.name_servers.push_back(std::move(server));
  }
  for (const std::string& text : words.annotations) {
    const size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) return fail("--km", text, "KEY=VALUE is expected");
    options.annotations.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  if (!words.memory.empty()) {
    TRY_ASSIGN(options.memory, parse_size(words.memory));
  }
  TRY_ASSIGN(options.network, parse_network(words.network));
  if (options.detach && (options.terminal || options.interactive)) {
    return fail("--detach", "", "goes with neither -i nor -t");
  }
  if (options.terminal && isatty(STDIN_FILENO) == 0) return fail("--tty", "", "standard input is no terminal");
  return {};
}

Result<int> run(RunWords& words) {
  TRY(parse_words(words));
  TRY_ASSIGN(Prepared prepared, prepare(words.options));
  if (words.options.detach) return attend_detached(std::move(prepared));
  return attend_here(std::move(prepared), words.options);
}

void add_run_options(CLI::App& verb, RunWords& words) {
  RunOptions& options = words.options;
  const auto list = [&verb](const char* name, std::vector<std::string>& values, const char* help) {
    verb.add_option(name, values, help)->expected(1)->allow_extra_args(false)->take_all();
  };
  verb.add_flag("-i,--interactive", options.interactive, "Keep standard input open");
  verb.add_flag("-t,--tty", options.terminal, "With a terminal");
  verb.add_flag("-d,--detach", options.detach, "In the background; its output goes to kontain logs");
  verb.add_flag("--rm", options.remove, "With --detach: keep nothing when it has ended");
  verb.add_flag("--read-only", options.read_only, "Nobody inside can write to the root file system");
  verb.add_option("--name", options.name, "Its id (default: a random one)");
  list("-p,--publish", words.publish, "[ADDRESS:]PORT:PORT[/udp]: a port of the host that leads inside");
  list("-v,--volume", words.volumes, "SOURCE:/TARGET[:ro]: a file or folder of the host");
  list("-e,--env", options.environment, "NAME=VALUE, or NAME for its value here");
  verb.add_option("--env-file", words.environment_file, "File of such lines");
  verb.add_option("-w,--workdir", options.working_directory, "Working directory");
  verb.add_option("-u,--user", options.user, "USER[:GROUP], names or numbers");
  verb.add_option("--hostname", options.hostname, "Name of the host inside (default: the id)");
  verb.add_option("--entrypoint", options.entrypoint, "Program in place of the image's");
  verb.add_option("-m,--memory", words.memory, "Limit, as 64m or 2g");
  verb.add_option("--cpus", options.cpus, "Limit in processors, as 1.5")->check(CLI::Range(0.01, 4096.0));
  verb.add_option("--pids-limit", options.process_limit, "Limit on processes and threads")
      ->check(CLI::Range(1, 1 << 22));
  verb.add_option("--network", words.network, "auto, none, host, bridge (root), pasta, slirp4netns (others)");
  list("--dns", words.name_servers, "Address of a name server, in place of the host's");
  list("--km", words.annotations, "KEY=VALUE: an option of km that an image may set");
}

}  // namespace

void add_run(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand("run", "Run a program or an image as a container, without an engine");
  auto words = std::make_shared<RunWords>();
  add_run_options(*verb, *words);
  verb->add_option("source", words->options.source, "Static program (app.km), or image: name, layout, archive")
      ->required();
  verb->add_option("argument", words->options.arguments, "Arguments, in place of the image's command");
  // What follows the source is the program's, whatever it looks like.
  verb->positionals_at_end();
  verb->callback([words, &status] { status = exit_status(run(*words)); });
}

void add_logs(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand("logs", "Show the output of what kontain run -d started");
  auto name = std::make_shared<std::string>();
  auto follow = std::make_shared<bool>(false);
  verb->add_flag("-f,--follow", *follow, "Go on until it has ended");
  verb->add_option("kontainer", *name, "Its id")->required();
  verb->callback([name, follow, &status] {
    clear_away_stale();
    status = exit_status(show_log(*name, *follow ? Follow::Yes : Follow::No));
  });
}

void add_rm(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand("rm", "Remove what is kept of a kontainer of kontain run that has ended");
  auto names = std::make_shared<std::vector<std::string>>();
  auto force = std::make_shared<bool>(false);
  verb->add_flag("-f,--force", *force, "End it first where it runs");
  verb->add_option("kontainer", *names, "Ids")->required();
  verb->callback([names, force, &status] {
    clear_away_stale();
    for (const std::string& name : *names) {
      const int one = exit_status(remove_record(name, *force).map([] { return 0; }));
      if (one != 0) status = one;
    }
  });
}

}  // namespace kontain::cli
