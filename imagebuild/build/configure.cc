#include "imagebuild/build/configure.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstring>
#include <ctime>

#include "imagebuild/build/variables.h"
#include "imagebuild/context/ignore.h"

namespace kontain::image::build {
namespace {

using namespace dockerfile;

constexpr std::string_view kDefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

void insert_sorted(std::vector<std::string>& list, std::string value) {
  const auto at = std::lower_bound(list.begin(), list.end(), value);
  if (at == list.end() || *at != value) list.insert(at, std::move(value));
}

std::optional<unsigned> port_number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0 || value > 65535) return std::nullopt;
  return value;
}

// "80", "80/udp", "8000-8010/tcp".
Parsed<bool> expose(RunConfig& config, const std::string& text, Place place) {
  const size_t slash = text.find('/');
  std::string protocol = slash == std::string::npos ? "tcp" : text.substr(slash + 1);
  for (char& c : protocol) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  const std::string ports = text.substr(0, slash);
  const size_t dash = ports.find('-');
  const auto first = port_number(std::string_view(ports).substr(0, dash));
  const auto last = dash == std::string::npos ? first : port_number(std::string_view(ports).substr(dash + 1));
  const bool known = protocol == "tcp" || protocol == "udp" || protocol == "sctp";
  if (!first || !last || *last < *first || !known) {
    return problem(place, "EXPOSE: '" + text + "' is no port such as 80, 53/udp or 8000-8010");
  }
  for (unsigned port = *first; port <= *last; ++port)
    insert_sorted(config.exposed_ports, std::to_string(port) + "/" + protocol);
  return true;
}

bool is_signal(std::string name) {
  if (const auto number = port_number(name)) return *number <= static_cast<unsigned>(SIGRTMAX);
  if (name.starts_with("SIG")) name.erase(0, 3);
  if (name.starts_with("RTMIN") || name.starts_with("RTMAX")) return true;
  for (int signal = 1; signal < 32; ++signal) {
    const char* known = sigabbrev_np(signal);
    if (known != nullptr && name == known) return true;
  }
  return false;
}

class Configurer {
 public:
  Configurer(StageConfig& config, const Expander& expand) : config_(config), expand_(expand) {}

  Parsed<bool> operator()(const Env& env) {
    // All of one line are expanded with what was there before the line.
    std::vector<Assignment> all;
    for (const Assignment& one : env.all) {
      TRY_ASSIGN(std::string name, expand_(one.name));
      TRY_ASSIGN(std::string value, expand_(one.value));
      if (name.empty()) return problem(expand_.place, "ENV: a name is empty");
      all.push_back({std::move(name), std::move(value)});
    }
    for (const Assignment& one : all) set_environment(run().env, one.name, one.value);
    return true;
  }
  Parsed<bool> operator()(const Label& label) {
    for (const Assignment& one : label.all) {
      TRY_ASSIGN(const std::string name, expand_(one.name));
      TRY_ASSIGN(run().labels[name], expand_(one.value));
    }
    return true;
  }
  Parsed<bool> operator()(const Cmd& cmd) {
    run().cmd = command_words(config_.image, cmd.command);
    config_.has_own_command = true;
    return true;
  }
  Parsed<bool> operator()(const Entrypoint& entrypoint) {
    run().entrypoint = command_words(config_.image, entrypoint.command);
    // A command of the base belonged to the base's entry point.
    if (!config_.has_own_command) run().cmd.clear();
    return true;
  }
  Parsed<bool> operator()(const User& user) {
    TRY_ASSIGN(run().user, expand_(user.name));
    return true;
  }
  Parsed<bool> operator()(const StopSignal& stop) {
    TRY_ASSIGN(const std::string signal, expand_(stop.signal));
    if (!is_signal(signal)) return problem(expand_.place, "STOPSIGNAL: there is no signal '" + signal + "'");
    run().stop_signal = signal;
    return true;
  }
  Parsed<bool> operator()(const Maintainer& maintainer) {
    config_.image.author = maintainer.name;
    return true;
  }
  Parsed<bool> operator()(const Expose& ports) {
    TRY_ASSIGN(const auto all, expand_.all(ports.ports));
    for (const std::string& port : all) TRY(expose(run(), port, expand_.place));
    return true;
  }
  Parsed<bool> operator()(const Volume& volume) {
    for (const std::string& path : volume.paths) {
      TRY_ASSIGN(std::string expanded, expand_(path));
      if (expanded.empty()) return problem(expand_.place, "VOLUME: an empty path");
      insert_sorted(run().volumes, std::move(expanded));
    }
    return true;
  }
  Parsed<bool> operator()(const Shell& shell) {
    run().shell = shell.words;
    return true;
  }
  Parsed<bool> operator()(const HealthProbe& probe) {
    Healthcheck check;
    if (probe.none) {
      check.test = {"NONE"};
    } else {
      check.test = {probe.command.shell ? "CMD-SHELL" : "CMD"};
      check.test.insert(check.test.end(), probe.command.words.begin(), probe.command.words.end());
    }
    check.interval = probe.interval;
    check.timeout = probe.timeout;
    check.start_period = probe.start_period;
    check.start_interval = probe.start_interval;
    check.retries = probe.retries;
    run().healthcheck = std::move(check);
    return true;
  }
  Parsed<bool> operator()(const OnBuild& trigger) {
    run().on_build.push_back(trigger.instruction);
    return true;
  }
  // The others are steps.
  template <class T>
  Parsed<bool> operator()(const T&) {
    return problem(expand_.place, "not a matter of configuration");
  }

 private:
  RunConfig& run() { return config_.image.config; }
  StageConfig& config_;
  const Expander& expand_;
};

template <class... T>
bool is_any(const Body& body) {
  return (std::holds_alternative<T>(body) || ...);
}

}  // namespace

Parsed<std::string> Expander::operator()(const std::string& text) const {
  auto out = words.expand(text, variables);
  if (!out) return problem(place, out.error());
  return std::move(*out);
}

Parsed<std::vector<std::string>> Expander::all(const std::vector<std::string>& texts) const {
  std::vector<std::string> out;
  for (const std::string& text : texts) {
    auto some = words.expand_to_words(text, variables);
    if (!some) return problem(place, some.error());
    out.insert(out.end(), some->begin(), some->end());
  }
  return out;
}

StageConfig scratch_config() {
  StageConfig config;
  config.image.config.env = {std::string(kDefaultPath)};
  config.image.config.working_dir = "/";
  return config;
}

StageConfig base_config(ImageConfig image, std::vector<std::string>& triggers) {
  triggers = std::move(image.config.on_build);
  image.config.on_build.clear();
  image.author.clear();
  return {std::move(image), false};
}

bool is_configuration(const Body& body) { return !is_any<From, Arg, Run, Copy, Workdir>(body); }

Parsed<bool> configure(StageConfig& config, const Body& body, const Expander& expand) {
  return std::visit(Configurer(config, expand), body);
}

std::vector<std::string> command_words(const ImageConfig& image, const CommandLine& command) {
  if (!command.shell || command.words.empty()) return command.words;
  std::vector<std::string> words = image.config.shell;
  if (words.empty()) words = {"/bin/sh", "-c"};
  words.insert(words.end(), command.words.begin(), command.words.end());
  return words;
}

std::string absolute_path(const std::string& working_dir, const std::string& path) {
  return "/" + context::clean_path(path.starts_with('/') ? path : working_dir + "/" + path);
}

std::string rfc3339(int64_t seconds) {
  const auto time = static_cast<time_t>(seconds);
  tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 40> text;
  const size_t length = strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), length};
}

}  // namespace kontain::image::build
