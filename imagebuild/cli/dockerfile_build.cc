#include "imagebuild/cli/dockerfile_build.h"

#include <unistd.h>

#include <charconv>
#include <cstdlib>

#include "base/log.h"
#include "imagebuild/build/builder.h"
#include "imagebuild/build/runtime.h"
#include "imagebuild/cli/bases.h"

namespace kontain::image::cli {
namespace {

Result<std::pair<std::string, std::string>> pair_of(const std::string& text, const char* option) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) return fail(option, text, "NAME=VALUE is expected");
  return std::pair(text.substr(0, equals), text.substr(equals + 1));
}

constexpr std::string_view kEpochOfImage = "true";  // what CLI11 gives a flag without a value

Result<std::optional<int64_t>> clock_of(const std::string& text, int64_t epoch) {
  constexpr int64_t kLatest = 9'000'000'000;  // as km has it
  if (text.empty()) return std::nullopt;
  int64_t seconds = epoch;
  if (text != kEpochOfImage) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size()) seconds = -1;
  }
  if (seconds >= 0 && seconds <= kLatest) return seconds;
  return fail("--fixed-clock", text == kEpochOfImage ? std::to_string(epoch) : text,
              "a number of seconds since 1970 is expected");
}

}  // namespace

void add_dockerfile_options(CLI::App& app, DockerfileOptions& options) {
  CLI::Option_group& group = *app.add_option_group("An image from a Dockerfile");
  group.add_option("CONTEXT", options.context, "folder that COPY takes files from");
  group.add_option("-f,--file", options.dockerfile, "the Dockerfile (default: Dockerfile in CONTEXT)")
      ->type_name("FILE");
  group.add_option("--target", options.target, "stage to build (default: the last)")->type_name("STAGE");
  group.add_option("--build-arg", options.build_args, "value of an ARG; may be repeated")
      ->type_name("NAME[=VALUE]")
      ->take_all()
      ->allow_extra_args(false);
  group.add_option("--build-context", options.build_contexts, "what a name in FROM and --from means; may be repeated")
      ->type_name("NAME=FOLDER|IMAGE")
      ->take_all()
      ->allow_extra_args(false);
  group.add_option("--network", options.network, "of RUN: off or host")->check(CLI::IsMember({"off", "none", "host"}));
  group.add_flag(
      "--fixed-clock", options.fixed_clock,
      "RUN: let the clock stand still, at SECONDS since 1970 (--fixed-clock=SECONDS) or at the image's time");
  group.add_option("--random-seed", options.random_seed, "RUN: make random bytes a function of NUMBER")
      ->type_name("NUMBER");
  group.add_option("--progress", options.progress, "auto (plain on a terminal), plain or none")
      ->check(CLI::IsMember({"auto", "plain", "none"}));
}

Result<build::BuildOptions> dockerfile_request(const DockerfileOptions& options, int64_t epoch) {
  build::BuildOptions request;
  request.epoch = epoch;
  TRY_ASSIGN(request.repeatable.clock, clock_of(options.fixed_clock, epoch));
  request.repeatable.random_seed = options.random_seed;
  request.context = options.context;
  request.dockerfile = options.dockerfile;
  request.target = options.target;
  for (const std::string& text : options.build_args) {
    if (text.find('=') == std::string::npos) {
      if (const char* value = getenv(text.c_str())) request.build_args[text] = value;
      continue;
    }
    TRY_ASSIGN(auto pair, pair_of(text, "--build-arg"));
    request.build_args.insert_or_assign(std::move(pair.first), std::move(pair.second));
  }
  for (const std::string& text : options.build_contexts) {
    TRY_ASSIGN(auto pair, pair_of(text, "--build-context"));
    request.contexts.insert_or_assign(std::move(pair.first), std::move(pair.second));
  }
  request.network = options.network == "host" ? build::Network::Host : build::Network::Off;
  request.krun = build::find_runtime();
  return request;
}

build::Progress::Mode progress_mode(const std::string& wanted) {
  const bool plain = wanted == "plain" || (wanted == "auto" && isatty(STDERR_FILENO));
  return plain ? build::Progress::Mode::Plain : build::Progress::Mode::Silent;
}

void print_failure(const std::string& text) { std::fprintf(stderr, "%s: %s\n", tool_name(), text.c_str()); }

Result<Descriptor> build_dockerfile(const Store& store, const build::BuildOptions& request, const std::string& progress,
                                    const FetchOptions& fetch) {
  FetchedBases bases(store, fetch);
  build::Progress shown(progress_mode(progress));
  auto built = build::build_from_dockerfile(store, request, bases, shown);
  if (built) return std::move(*built);
  print_failure(built.error().text);
  return tl::make_unexpected(Error{});
}

}  // namespace kontain::image::cli
