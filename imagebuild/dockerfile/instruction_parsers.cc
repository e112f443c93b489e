#include "imagebuild/dockerfile/instruction_parsers.h"

#include <algorithm>
#include <array>

#include "imagebuild/dockerfile/arguments.h"
#include "imagebuild/dockerfile/parse_copy.h"

namespace kontain::image::dockerfile {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return out;
}

bool is_stage_name(std::string_view name) {
  if (name.empty() || name[0] < 'a' || name[0] > 'z') return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string_view::npos;
}

Parsed<Body> parse_from(const Request& request) {
  const auto words = blank_separated(request.split.rest);
  if (words.size() != 1 && (words.size() != 3 || lower(words[1]) != "as")) {
    return request.bad("FROM needs an image, and optionally AS and a name for the stage");
  }
  From from{words[0], words.size() == 3 ? lower(words[2]) : "", flag_value(request.split, "platform")};
  if (words.size() == 3 && !is_stage_name(from.stage)) {
    const size_t at = request.split.rest_offset + request.split.rest.rfind(words[2]);
    return problem(request.line.place_of(at),
                   "'" + words[2] + "' is no name for a stage: a letter, then letters, digits, '-', '_' and '.'");
  }
  return from;
}

Parsed<Body> parse_arg(const Request& request) {
  Arg arg;
  for (const std::string& word : quoted_words(request.split.rest, request.escape)) {
    const size_t equals = word.find('=');
    if (equals == 0) return request.bad("there is no name in front of = in '" + word + "'");
    if (equals == std::string::npos) {
      arg.all.push_back({word, std::nullopt});
    } else {
      arg.all.push_back({word.substr(0, equals), word.substr(equals + 1)});
    }
  }
  if (arg.all.empty()) return request.bad("ARG needs a name");
  return arg;
}

template <class T>
Parsed<Body> parse_assignments(const Request& request) {
  auto all = assignments(request.split.rest, request.escape);
  if (!all) return request.bad(all.error());
  return T{std::move(*all)};
}

template <class T>
Parsed<Body> parse_command(const Request& request) {
  auto command = command_line(request.split.rest);
  if (!command) return request.bad(command.error());
  if (command->shell && command->words[0].empty()) command->words.clear();
  return T{std::move(*command)};
}

Parsed<Body> parse_run(const Request& request) {
  auto command = command_line(request.split.rest);
  if (!command) return request.bad(command.error());
  if (command->words.empty() || command->words[0].empty()) return request.bad("RUN needs a command");
  if (!command->shell && !request.line.heredocs.empty()) {
    return request.bad("a here-document and the exec form do not go together");
  }
  Run run{std::move(*command), request.line.heredocs, RunNetwork::Default};
  const std::string network = lower(flag_value(request.split, "network"));
  if (network == "none")
    run.network = RunNetwork::None;
  else if (network == "host")
    run.network = RunNetwork::Host;
  else if (!network.empty() && network != "default") {
    return problem(request.split.flags.front().place, "--network: '" + network + "' is none of default, none, host");
  }
  return run;
}

// The only word, with blanks in it.
template <class T>
Parsed<Body> parse_text(const Request& request) {
  if (request.split.rest.empty()) return request.bad("it needs an argument");
  return T{std::string(request.split.rest)};
}

template <class T>
Parsed<Body> parse_words(const Request& request) {
  std::vector<std::string> words = blank_separated(request.split.rest);
  if (words.empty()) return request.bad("it needs at least one argument");
  return T{std::move(words)};
}

Parsed<Body> parse_volume(const Request& request) {
  auto words = json_words(request.split.rest);
  if (!words) return request.bad(words.error());
  Volume volume{*words ? std::move(**words) : blank_separated(request.split.rest)};
  if (volume.paths.empty()) return request.bad("VOLUME needs at least one path");
  for (const std::string& path : volume.paths) {
    if (path.empty()) return request.bad("VOLUME: an empty path");
  }
  return volume;
}

Parsed<Body> parse_shell(const Request& request) {
  auto words = json_words(request.split.rest);
  if (!words) return request.bad(words.error());
  if (!*words || (*words)->empty()) return request.bad("SHELL needs a JSON array of words");
  return Shell{std::move(**words)};
}

Parsed<bool> read_durations(const Request& request, HealthProbe& probe) {
  const std::array<std::pair<std::string_view, int64_t*>, 4> all = {{{"interval", &probe.interval},
                                                                     {"timeout", &probe.timeout},
                                                                     {"start-period", &probe.start_period},
                                                                     {"start-interval", &probe.start_interval}}};
  for (const Flag& flag : request.split.flags) {
    for (const auto& [name, value] : all) {
      if (flag.name != name) continue;
      const auto nanoseconds = duration(flag.value);
      if (!nanoseconds || (*nanoseconds != 0 && *nanoseconds < 1'000'000)) {
        return problem(flag.place,
                       "--" + flag.name + ": '" + flag.value + "' is no time of at least 1ms, such as 1m30s");
      }
      *value = *nanoseconds;
    }
    if (flag.name != "retries") continue;
    if (flag.value.size() > 9 || flag.value.find_first_not_of("0123456789") != std::string::npos) {
      return problem(flag.place, "--retries: '" + flag.value + "' is no number");
    }
    probe.retries = std::stol(flag.value);
  }
  return true;
}

Parsed<Body> parse_healthcheck(const Request& request) {
  const std::string_view rest = request.split.rest;
  const size_t end = std::min(rest.find_first_of(" \t"), rest.size());
  const std::string kind = lower(rest.substr(0, end));
  std::string_view command = rest.substr(end);
  command.remove_prefix(std::min(command.find_first_not_of(" \t"), command.size()));
  HealthProbe probe;
  TRY(read_durations(request, probe));
  if (kind == "none") {
    if (!command.empty() || !request.split.flags.empty()) return request.bad("HEALTHCHECK NONE takes nothing else");
    probe.none = true;
    return probe;
  }
  if (kind != "cmd") return request.bad("HEALTHCHECK needs CMD and a command, or NONE");
  auto line = command_line(command);
  if (!line) return request.bad(line.error());
  if (line->words.empty() || line->words[0].empty()) return request.bad("HEALTHCHECK CMD needs a command");
  probe.command = std::move(*line);
  return probe;
}

Parsed<Body> parse_onbuild(const Request& request) {
  static constexpr std::array<std::string_view, 3> kForbidden = {"onbuild", "from", "maintainer"};
  const std::string_view rest = request.split.rest;
  const std::string name = lower(rest.substr(0, rest.find_first_of(" \t")));
  if (name.empty()) return request.bad("ONBUILD needs an instruction");
  if (std::find(kForbidden.begin(), kForbidden.end(), name) != kForbidden.end()) {
    return request.bad("'" + name + "' cannot be an ONBUILD trigger");
  }
  // Its problems are found now, not when somebody builds on the image.
  LogicalLine inner{std::string(rest), {}, request.line.heredocs, request.line.last_line};
  for (const Piece& piece : request.line.pieces) {
    const size_t start = request.split.rest_offset;
    if (piece.offset > start) inner.pieces.push_back({piece.offset - start, piece.place});
  }
  inner.pieces.insert(inner.pieces.begin(), {0, request.line.place_of(request.split.rest_offset)});
  TRY(parse_instruction(inner, request.escape));
  OnBuild trigger{std::string(rest)};
  for (const Heredoc& heredoc : request.line.heredocs) trigger.instruction += "\n" + heredoc.data + heredoc.name;
  return trigger;
}

struct Row {
  std::string_view name;
  Parsed<Body> (*parse)(const Request&);
};

constexpr std::array kInstructions = {
    Row{"add", parse_copy},
    Row{"arg", parse_arg},
    Row{"cmd", parse_command<Cmd>},
    Row{"copy", parse_copy},
    Row{"entrypoint", parse_command<Entrypoint>},
    Row{"env", parse_assignments<Env>},
    Row{"expose", parse_words<Expose>},
    Row{"from", parse_from},
    Row{"healthcheck", parse_healthcheck},
    Row{"label", parse_assignments<Label>},
    Row{"maintainer", parse_text<Maintainer>},
    Row{"onbuild", parse_onbuild},
    Row{"run", parse_run},
    Row{"shell", parse_shell},
    Row{"stopsignal", parse_text<StopSignal>},
    Row{"user", parse_text<User>},
    Row{"volume", parse_volume},
    Row{"workdir", parse_text<Workdir>},
};

// How many letters have to be changed, added or removed to make `b` of `a`.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t above = row[j + 1];
      row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

std::string unknown_instruction(std::string_view name) {
  std::string text = "unknown instruction '" + std::string(name.substr(0, 40)) + "'";
  if (name.size() > 20) return text;
  const auto nearest = std::min_element(kInstructions.begin(), kInstructions.end(), [&](const Row& a, const Row& b) {
    return distance(name, a.name) < distance(name, b.name);
  });
  if (distance(name, nearest->name) > 2) return text;
  std::string upper(nearest->name);
  for (char& c : upper) c = static_cast<char>(c & ~0x20);
  return text + ": did you mean " + upper + "?";
}

}  // namespace

Parsed<Instruction> parse_instruction(const LogicalLine& line, char escape) {
  const SplitLine split = split_line(line, escape);
  const auto row =
      std::find_if(kInstructions.begin(), kInstructions.end(), [&](const Row& r) { return r.name == split.name; });
  if (row == kInstructions.end()) return problem(line.place_of(0), unknown_instruction(split.name));
  TRY(check_flags(split));
  TRY_ASSIGN(Body body, row->parse(Request{line, split, escape}));
  return Instruction{std::move(body), line.text, line.place_of(0), line.place_of(split.rest_offset), line.last_line};
}

}  // namespace kontain::image::dockerfile
