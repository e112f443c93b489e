#include "krun/cli/verbs.h"
#include "krun/container/verbs.h"

namespace kontain::krun::cli {
namespace {

void add_create_options(CLI::App& verb, container::CreateRequest& request) {
  verb.add_option("-b,--bundle", request.bundle, "folder of the bundle");
  verb.add_option("-f,--config", request.config, "configuration in place of config.json");
  verb.add_flag("--no-pivot", request.no_pivot, "move the root instead of pivot_root(2)");
  verb.add_flag("--no-new-keyring", request.no_new_keyring, "keep the session keyring");
  verb.add_flag("--no-subreaper")->description("accepted, of no consequence");
  add_process_options(verb, request.console_socket, request.pid_file, request.preserve_fds);
  verb.add_option("ID", request.id, "name of the new container")->required();
}

void add_create(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("create", "make a container, whose process waits for start");
  auto request = std::make_shared<container::CreateRequest>();
  add_create_options(*verb, *request);
  verb->callback([&invocation, request] {
    invocation.run = [&invocation, request]() -> Result<int> {
      TRY_ASSIGN(const container::Settings settings, settings_of(invocation));
      request->root = invocation.global.root;
      request->cgroups = invocation.global.cgroups;
      TRY(container::create_container(*request, settings));
      return 0;
    };
  });
}

void add_run(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("run", "create, start, wait and delete");
  auto request = std::make_shared<container::RunRequest>();
  add_create_options(*verb, request->create);
  CLI::Option* detach = verb->add_flag("-d,--detach", request->detach, "do not wait");
  verb->add_flag("--keep", request->keep, "do not delete the container at its end");
  verb->add_flag("--die-with-parent", request->die_with_parent, "kill the container when krun's parent has ended")
      ->excludes(detach);
  verb->callback([&invocation, request] {
    invocation.run = [&invocation, request]() -> Result<int> {
      TRY_ASSIGN(const container::Settings settings, settings_of(invocation));
      request->create.root = invocation.global.root;
      request->create.cgroups = invocation.global.cgroups;
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

}  // namespace

void add_lifecycle(CLI::App& app, Invocation& invocation) {
  add_create(app, invocation);
  add_plain(app, invocation, "start", "let a created container run", container::start_container);
  add_run(app, invocation);
  add_kill(app, invocation);
  add_delete(app, invocation);
  add_plain(app, invocation, "pause", "stop all processes of a container", container::pause_container);
  add_plain(app, invocation, "resume", "let them go on", container::resume_container);
}

}  // namespace kontain::krun::cli
