// krun: an OCI runtime whose every container process is a virtual machine.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <functional>
#include <iostream>
#include <thread>

#include "base/log.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "base/version.h"
#include "krun/cli/documents.h"
#include "krun/cli/log.h"
#include "krun/container/exec.h"
#include "krun/container/verbs.h"
#include "krun/spec/fields.h"
#include "krun/spec/parse.h"
#include "krun/spec/reader.h"

namespace kontain::krun::cli {
namespace {

constexpr int kFailed = 1;
constexpr int kExecFailed = 255;  // as runc: 125 to 127 are the program's

struct Global {
  std::string root = state::default_root();
  std::string settings_file = container::kSettingsFile;
  Log log;
  std::string log_format = "text";
  std::string rootless = "auto";
  std::string cgroup_manager = "cgroupfs";
  std::string criu;
  bool debug = false;
  bool systemd_cgroup = false;
};

// What was asked for: filled by the parser, run behind it.
struct Invocation {
  Global global;
  std::function<Result<int>()> run;
  int failure = kFailed;
};

Result<int> done(const Result<void>& result) {
  if (!result) return tl::make_unexpected(result.error());
  return 0;
}

void print(const std::string& text) {
  std::cout << text;
  std::cout.flush();
}

std::string table_row(const std::vector<std::string>& cells, const std::vector<size_t>& widths) {
  std::string row;
  for (size_t i = 0; i < cells.size(); ++i) {
    row += cells[i];
    if (i + 1 < cells.size()) row += std::string(widths[i] - cells[i].size() + 4, ' ');
  }
  return row + "\n";
}

std::string list_as_table(const std::vector<container::Known>& all) {
  std::vector<std::vector<std::string>> rows = {{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
  for (const auto& [state, status] : all) {
    rows.push_back({state.id, std::to_string(status == state::Status::Stopped ? 0 : state.pid),
                    state::status_name(status), escape_control(state.bundle), state.created_at, state.owner});
  }
  std::vector<size_t> widths(rows[0].size());
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) text += table_row(row, widths);
  return text;
}

std::string dump(const nlohmann::ordered_json& value, int indent) {
  return value.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

// create, run and exec.
void add_process_options(CLI::App& verb, std::string& console_socket, std::string& pid_file, int& preserve_fds) {
  verb.add_option("--console-socket", console_socket, "unix socket that gets the master of the terminal");
  verb.add_option("--pid-file", pid_file, "file that gets the process id");
  verb.add_option("--preserve-fds", preserve_fds, "descriptors to pass on behind stdio and LISTEN_FDS")
      ->check(CLI::Range(0, 1 << 16));
}

void add_create_options(CLI::App& verb, container::CreateRequest& request) {
  verb.add_option("-b,--bundle", request.bundle, "folder of the bundle");
  verb.add_option("-f,--config", request.config, "configuration in place of config.json");
  verb.add_flag("--no-pivot", request.no_pivot, "move the root instead of pivot_root(2)");
  verb.add_flag("--no-new-keyring", request.no_new_keyring, "keep the session keyring");
  verb.add_flag("--no-subreaper")->description("accepted, of no consequence");
  add_process_options(verb, request.console_socket, request.pid_file, request.preserve_fds);
  verb.add_option("ID", request.id, "name of the new container")->required();
}

Result<container::Settings> settings_of(const Invocation& invocation) {
  return container::read_settings(invocation.global.settings_file);
}

void add_create(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("create", "make a container, whose process waits for start");
  auto request = std::make_shared<container::CreateRequest>();
  add_create_options(*verb, *request);
  verb->callback([&invocation, request] {
    invocation.run = [&invocation, request]() -> Result<int> {
      TRY_ASSIGN(const container::Settings settings, settings_of(invocation));
      request->root = invocation.global.root;
      TRY(container::create_container(*request, settings));
      return 0;
    };
  });
}

void add_run(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("run", "create, start, wait and delete");
  auto request = std::make_shared<container::RunRequest>();
  add_create_options(*verb, request->create);
  verb->add_flag("-d,--detach", request->detach, "do not wait");
  verb->add_flag("--keep", request->keep, "do not delete the container at its end");
  verb->callback([&invocation, request] {
    invocation.run = [&invocation, request]() -> Result<int> {
      TRY_ASSIGN(const container::Settings settings, settings_of(invocation));
      request->create.root = invocation.global.root;
      return container::run_container(*request, settings);
    };
  });
}

// A verb whose only argument is the container.
CLI::App* add_plain(CLI::App& app, Invocation& invocation, const char* name, const char* help,
                    Result<void> (*act)(const std::string& root, const std::string& id)) {
  CLI::App* verb = app.add_subcommand(name, help);
  auto id = std::make_shared<std::string>();
  verb->add_option("ID", *id)->required();
  verb->callback([&invocation, id, act] {
    invocation.run = [&invocation, id, act] { return done(act(invocation.global.root, *id)); };
  });
  return verb;
}

void add_kill(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("kill", "send a signal to the container's first process");
  auto id = std::make_shared<std::string>();
  auto signal = std::make_shared<std::string>("SIGTERM");
  auto all = std::make_shared<bool>(false);
  verb->add_flag("-a,--all", *all, "to all processes of the container");
  verb->add_option("ID", *id)->required();
  verb->add_option("SIGNAL", *signal);
  verb->callback([&invocation, id, signal, all] {
    invocation.run = [&invocation, id, signal, all]() -> Result<int> {
      TRY_ASSIGN(const int number, container::parse_signal(*signal));
      return done(container::kill_container(invocation.global.root, *id, {number, *all}));
    };
  });
}

void add_delete(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("delete", "remove a stopped container");
  auto id = std::make_shared<std::string>();
  auto force = std::make_shared<bool>(false);
  verb->add_flag("-f,--force", *force, "end it first where it runs");
  verb->add_option("ID", *id)->required();
  verb->callback([&invocation, id, force] {
    invocation.run = [&invocation, id, force] {
      return done(
          container::delete_by_id(invocation.global.root, *id, *force ? container::Force::Yes : container::Force::No));
    };
  });
}

void add_state(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("state", "print the state of a container");
  auto id = std::make_shared<std::string>();
  verb->add_option("ID", *id)->required();
  verb->callback([&invocation, id] {
    invocation.run = [&invocation, id]() -> Result<int> {
      TRY_ASSIGN(const container::Known known, container::look_up(invocation.global.root, *id));
      print(dump(state::describe(known.state, known.status), 2));
      return 0;
    };
  });
}

const CLI::IsMember kTableOrJson({"table", "json"});

void add_list(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("list", "list the containers");
  auto format = std::make_shared<std::string>("table");
  auto quiet = std::make_shared<bool>(false);
  verb->add_option("-f,--format", *format, "table or json")->check(kTableOrJson);
  verb->add_flag("-q,--quiet", *quiet, "names only");
  verb->callback([&invocation, format, quiet] {
    invocation.run = [&invocation, format, quiet]() -> Result<int> {
      const auto all = container::look_up_all(invocation.global.root);
      if (*quiet) {
        for (const container::Known& known : all) print(known.state.id + "\n");
      } else if (*format == "table") {
        print(list_as_table(all));
      } else {
        nlohmann::ordered_json array = nlohmann::ordered_json::array();
        for (const container::Known& known : all) array.push_back(state::describe(known.state, known.status));
        print(dump(array, -1));
      }
      return 0;
    };
  });
}

// ps(1)'s lines about `pids`, and its header.
Result<std::string> ps_table(const std::vector<pid_t>& pids, std::vector<std::string> arguments) {
  if (arguments.empty()) arguments.emplace_back("-ef");
  arguments.insert(arguments.begin(), "ps");
  TRY_ASSIGN(const SubprocessResult result, run_subprocess(arguments));
  if (result.exit_code != 0) return fail("ps", "", result.err);
  std::string text;
  size_t column = std::string::npos;
  for (const std::string& line : split(result.out, '\n')) {
    std::vector<std::string> words;
    for (std::string& word : split(line, ' ')) {
      if (!word.empty()) words.push_back(std::move(word));
    }
    if (column == std::string::npos) {
      const auto header = std::ranges::find(words, "PID");
      if (header == words.end()) return fail("ps", "", "its output has no column PID");
      column = static_cast<size_t>(header - words.begin());
      text = line + "\n";
      continue;
    }
    pid_t pid = 0;
    if (column < words.size()) std::from_chars(words[column].data(), words[column].data() + words[column].size(), pid);
    if (std::ranges::find(pids, pid) != pids.end()) text += line + "\n";
  }
  return text;
}

void add_ps(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("ps", "list the processes of a container");
  auto id = std::make_shared<std::string>();
  auto format = std::make_shared<std::string>("table");
  verb->add_option("-f,--format", *format, "table or json")->check(kTableOrJson);
  verb->add_option("ID", *id)->required();
  verb->prefix_command();
  verb->callback([&invocation, id, format, verb] {
    invocation.run = [&invocation, id, format, verb]() -> Result<int> {
      TRY_ASSIGN(const std::vector<pid_t> pids, container::processes_of(invocation.global.root, *id));
      if (*format == "json") {
        print(dump(nlohmann::ordered_json(pids), -1));
        return 0;
      }
      TRY_ASSIGN(const std::string table, ps_table(pids, verb->remaining()));
      print(table);
      return 0;
    };
  });
}

void add_exec(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("exec", "run another process in a container");
  auto request = std::make_shared<container::ExecRequest>();
  auto terminal = std::make_shared<bool>(false);
  auto no_new_privileges = std::make_shared<bool>(false);
  verb->add_option("-p,--process", request->process_file, "process.json");
  verb->add_flag("-t,--tty", *terminal, "with a terminal");
  verb->add_option("--cwd", request->cwd, "working directory");
  verb->add_option("-e,--env", request->environment, "NAME=VALUE to add")->expected(1)->take_all();
  verb->add_option("-u,--user", request->user, "UID[:GID]");
  verb->add_option("-g,--additional-gids", request->additional_gids, "further groups")->expected(1)->take_all();
  verb->add_option("-c,--cap", request->capabilities, "capability to add")->expected(1)->take_all();
  verb->add_flag("--no-new-privs", *no_new_privileges, "set no_new_privs");
  verb->add_option("--apparmor", request->apparmor_profile, "AppArmor profile");
  verb->add_option("--process-label", request->process_label, "SELinux label");
  verb->add_option("--cgroup", request->cgroup, "existing cgroup below the container's");
  verb->add_flag("-d,--detach", request->detach, "do not wait");
  verb->add_flag("--ignore-paused", request->ignore_paused, "also in a paused container");
  add_process_options(*verb, request->console_socket, request->pid_file, request->preserve_fds);
  verb->add_option("ID", request->id)->required();
  verb->prefix_command();
  verb->callback([&invocation, request, terminal, no_new_privileges, verb] {
    invocation.failure = kExecFailed;
    invocation.run = [&invocation, request, terminal, no_new_privileges, verb]() -> Result<int> {
      TRY_ASSIGN(const container::Settings settings, settings_of(invocation));
      request->root = invocation.global.root;
      request->arguments = verb->remaining();
      if (!request->arguments.empty() && request->arguments[0] == "--")
        request->arguments.erase(request->arguments.begin());
      if (*terminal) request->terminal = true;
      if (*no_new_privileges) request->no_new_privileges = true;
      return container::exec_in_container(*request, settings);
    };
  });
}

struct UpdateOptions {
  std::string id, file;
  spec::Resources resources;
};

void add_update(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("update", "change the limits of a container");
  auto options = std::make_shared<UpdateOptions>();
  spec::Resources& limits = options->resources;
  verb->add_option("-r,--resources", options->file, "file with resources, - for stdin; then nothing else counts");
  verb->add_option("--blkio-weight", limits.io_weight);
  verb->add_option("--cpu-period", limits.cpu_period);
  verb->add_option("--cpu-quota", limits.cpu_quota);
  verb->add_option("--cpu-burst", limits.cpu_burst);
  verb->add_option("--cpu-rt-period", limits.realtime_period);
  verb->add_option("--cpu-rt-runtime", limits.realtime_runtime);
  verb->add_option("--cpu-share", limits.cpu_shares);
  verb->add_option("--cpu-idle", limits.cpu_idle);
  verb->add_option("--cpuset-cpus", limits.cpus);
  verb->add_option("--cpuset-mems", limits.mems);
  verb->add_option("--memory", limits.memory_limit);
  verb->add_option("--memory-reservation", limits.memory_reservation);
  verb->add_option("--memory-swap", limits.memory_swap);
  verb->add_option("--kernel-memory-tcp", limits.kernel_tcp_memory);
  verb->add_option("--kernel-memory")->description("ignored: removed from Linux")->expected(1);
  verb->add_option("--pids-limit", limits.pids_limit);
  for (const char* option : {"--l3-cache-schema", "--mem-bw-schema"}) {
    verb->add_option_function<std::string>(option, [](const std::string&) {
      throw CLI::ValidationError("resource director technology is not supported");
    });
  }
  verb->add_option("ID", options->id)->required();
  verb->callback([&invocation, options] {
    invocation.run = [&invocation, options]() -> Result<int> {
      if (!options->file.empty()) {
        auto read = options->file == "-" ? spec::read_all(STDIN_FILENO, "stdin", spec::kLargestDocument)
                                         : spec::read_file(options->file, spec::kLargestDocument);
        TRY_ASSIGN(const std::string text, std::move(read));
        TRY_ASSIGN(options->resources, spec::parse_resources(text, options->file));
      }
      return done(container::update_container(invocation.global.root, options->id, options->resources));
    };
  });
}

// "5s", "500ms", "1m", or seconds.
Result<std::chrono::milliseconds> parse_interval(const std::string& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(end, text.data() + text.size());
  const int64_t factor = unit == "ms" ? 1 : unit == "m" ? 60'000 : unit == "h" ? 3'600'000 : 1000;
  const bool known = unit.empty() || unit == "ms" || unit == "s" || unit == "m" || unit == "h";
  if (error != std::errc() || !known || number <= 0 || number > 1'000'000) {
    return fail("--interval", text, "a duration such as 5s is expected");
  }
  return std::chrono::milliseconds(number * factor);
}

Result<int> show_events(const std::string& root, const std::string& id, bool once, std::chrono::milliseconds interval) {
  for (;;) {
    TRY_ASSIGN(const nlohmann::json data, container::statistics_of(root, id));
    print(dump({{"type", "stats"}, {"id", id}, {"data", data}}, -1));
    if (once) return 0;
    std::this_thread::sleep_for(interval);
    const auto known = container::look_up(root, id);
    if (!known || known->status == state::Status::Stopped) return 0;
  }
}

void add_events(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("events", "print what a container uses, again and again");
  auto id = std::make_shared<std::string>();
  auto interval = std::make_shared<std::string>("5s");
  auto once = std::make_shared<bool>(false);
  verb->add_option("--interval", *interval, "time between two reports");
  verb->add_flag("--stats", *once, "once");
  verb->add_option("ID", *id)->required();
  verb->callback([&invocation, id, interval, once] {
    invocation.run = [&invocation, id, interval, once]() -> Result<int> {
      TRY_ASSIGN(const auto time, parse_interval(*interval));
      return show_events(invocation.global.root, *id, *once, time);
    };
  });
}

struct CheckpointOptions {
  std::string id, image_path = "checkpoint", work_path, parent_path, bundle = ".";
};

Result<void> make_folder(const std::string& path) {
  if (path.empty() || mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail_errno("mkdir", path, errno);
}

// The contract stands before the work can be done: the folders are krun's to make (engines do not), the rest is km's.
void add_checkpoint(CLI::App& app, Invocation& invocation, const char* name, const char* help) {
  CLI::App* verb = app.add_subcommand(name, help);
  auto options = std::make_shared<CheckpointOptions>();
  verb->add_option("--image-path", options->image_path, "folder of the checkpoint");
  verb->add_option("--work-path", options->work_path, "folder for logs");
  verb->add_option("--parent-path", options->parent_path);
  verb->add_option("-b,--bundle", options->bundle);
  for (const char* flag : {"--leave-running", "--tcp-established", "--ext-unix-sk", "--shell-job", "--lazy-pages",
                           "--file-locks", "--pre-dump", "--auto-dedup", "--no-pivot", "--no-subreaper"}) {
    verb->add_flag(flag);
  }
  verb->add_flag("-d,--detach");
  for (const char* option : {"--status-fd", "--page-server", "--manage-cgroups-mode", "--empty-ns", "--console-socket",
                             "--pid-file", "--lsm-profile", "--lsm-mount-context"}) {
    verb->add_option(option)->expected(1);
  }
  verb->add_option("ID", options->id)->required();
  const std::string verb_name = name;
  verb->callback([&invocation, options, verb_name] {
    invocation.run = [options, verb_name, &invocation]() -> Result<int> {
      if (verb_name == "checkpoint") {
        TRY(container::look_up(invocation.global.root, options->id));
        TRY(make_folder(options->image_path));
        TRY(make_folder(options->work_path));
      }
      return fail(verb_name, options->id, "not supported yet: km has no snapshots");
    };
  });
}

Result<int> write_example(const std::string& folder, const std::string& file, const SpecOptions& options) {
  const std::string path = folder + "/" + file;
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd) return fail_errno("spec", path, errno);
  const std::string text = example_config(options);
  if (write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return fail_errno("spec", path, errno);
  }
  return 0;
}

void add_documents(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("spec", "write an example config.json");
  auto folder = std::make_shared<std::string>(".");
  auto file = std::make_shared<std::string>("config.json");
  auto options = std::make_shared<SpecOptions>();
  verb->add_option("-b,--bundle", *folder, "folder of the bundle");
  verb->add_option("-f,--file", *file, "name of the file");
  verb->add_flag("--rootless", options->rootless, "for a user without privileges");
  verb->add_flag("--kontain", options->kontain, "with km's annotations");
  verb->callback([&invocation, folder, file, options] {
    invocation.run = [folder, file, options] { return write_example(*folder, *file, *options); };
  });
  CLI::App* shown = app.add_subcommand("features", "print what krun can do");
  auto fields = std::make_shared<bool>(false);
  shown->add_flag("--fields", *fields, "every field of config.json, as markdown");
  shown->callback([&invocation, fields] {
    invocation.run = [fields]() -> Result<int> {
      print(*fields ? spec::fields_as_markdown() : features());
      return 0;
    };
  });
}

void add_global_options(CLI::App& app, Global& global) {
  app.add_option("--root", global.root, "folder of the containers' state");
  app.add_option("--log", global.log.path, "file for error messages");
  app.add_option("--log-format", global.log_format, "text or json")->check(CLI::IsMember({"text", "json"}));
  app.add_flag("--debug", global.debug, "accepted, of no consequence yet");
  app.add_flag("--systemd-cgroup", global.systemd_cgroup, "systemd's cgroup driver: an error");
  app.add_option("--cgroup-manager", global.cgroup_manager, "cgroupfs, systemd or disabled");
  app.add_option("--rootless", global.rootless, "true, false or auto");
  app.add_option("--criu", global.criu, "accepted, of no consequence");
  app.add_option("--settings", global.settings_file, "in place of /etc/kontain/krun.json");
}

Result<void> check_global(Global& global) {
  if (global.log_format == "json") global.log.format = LogFormat::Json;
  TRY(open_log(global.log));
  if (global.systemd_cgroup || global.cgroup_manager == "systemd") {
    return fail("systemd cgroup driver", "", "not supported yet; configure the engine for cgroupfs");
  }
  if (!global.root.empty() && global.root[0] != '/') {
    char* folder = getcwd(nullptr, 0);
    global.root = std::string(folder ? folder : "") + "/" + global.root;
    free(folder);
  }
  return {};
}

std::string version_text() { return version_line("krun") + "\ncommit: " + git_sha() + "\nspec: 1.2.0"; }

void add_verbs(CLI::App& app, Invocation& invocation) {
  add_create(app, invocation);
  add_plain(app, invocation, "start", "let a created container run", container::start_container);
  add_run(app, invocation);
  add_exec(app, invocation);
  add_state(app, invocation);
  add_kill(app, invocation);
  add_delete(app, invocation);
  add_list(app, invocation);
  add_ps(app, invocation);
  add_plain(app, invocation, "pause", "stop all processes of a container", container::pause_container);
  add_plain(app, invocation, "resume", "let them go on", container::resume_container);
  add_update(app, invocation);
  add_events(app, invocation);
  add_checkpoint(app, invocation, "checkpoint", "save a running container");
  add_checkpoint(app, invocation, "restore", "continue a saved container");
  add_documents(app, invocation);
}

int main_of_krun(int argc, char** argv) {
  // Nobody may look into this process, nor into the container's before it is km (CVE-2016-9962, CVE-2019-5736).
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  set_tool_name("krun");
  Invocation invocation;
  CLI::App app("An OCI runtime whose every process is a virtual machine", "krun");
  app.set_version_flag("-v,--version", version_text());
  app.require_subcommand(1);
  add_global_options(app, invocation.global);
  add_verbs(app, invocation);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kFailed;
  }
  Result<int> status = 0;
  if (auto checked = check_global(invocation.global); !checked) {
    status = tl::make_unexpected(checked.error());
  } else {
    status = invocation.run();
  }
  if (status) return *status;
  report(invocation.global.log, status.error());
  return invocation.failure;
}

}  // namespace
}  // namespace kontain::krun::cli

int main(int argc, char** argv) { return kontain::krun::cli::main_of_krun(argc, argv); }
