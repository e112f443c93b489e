// runenv: the images of the language runtimes.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "imagebuild/cli/bases.h"
#include "imagebuild/cli/bundle.h"
#include "imagebuild/cli/dockerfile_build.h"
#include "imagebuild/cli/verbs.h"
#include "imagebuild/oci/reference.h"
#include "imagebuild/payload/payload.h"
#include "imagebuild/runenv/packages.h"
#include "imagebuild/runenv/runenv.h"

namespace kontain::image::cli {
namespace {

struct RunenvArguments {
  std::string name;
  std::string folder;
  std::string recipes = runenv::default_recipes();
  std::string cache = runenv::default_cache();
  std::string registry;
  std::string progress = "auto";
  bool no_cache = false;
  bool json = false;
};

Result<int> run_ls(const Invocation& invocation, const RunenvArguments& arguments) {
  TRY_ASSIGN(const Store store, invocation.open_store());
  TRY_ASSIGN(const auto recipes, runenv::list_recipes(arguments.recipes));
  nlohmann::json list = nlohmann::json::array();
  std::string text;
  for (const runenv::Recipe& recipe : recipes) {
    TRY(runenv::build_order(recipes, recipe.name));
    TRY_ASSIGN(const Digest digest, runenv::recipe_digest(recipes, recipe));
    const bool built = store.resolve(recipe.repository() + ":" + digest.hex()).has_value();
    list.push_back({{"name", recipe.name},
                    {"image", recipe.repository()},
                    {"recipe", digest.hex()},
                    {"built", built},
                    {"description", recipe.description}});
    text += recipe.name + std::string(16 - std::min<size_t>(15, recipe.name.size()), ' ') + digest.brief() +
            (built ? "  built  " : "  -      ") + recipe.description + "\n";
  }
  TRY(print(arguments.json ? list.dump(2) + "\n" : text));
  return 0;
}

Result<int> run_build(const Invocation& invocation, const RunenvArguments& arguments) {
  TRY_ASSIGN(const Store store, invocation.open_store());
  TRY_ASSIGN(const Store::Session session, store.begin());
  runenv::RunenvOptions options{arguments.recipes, arguments.cache, {}};
  TRY_ASSIGN(const int64_t epoch, source_date_epoch());
  TRY_ASSIGN(options.build, dockerfile_request({}, epoch));
  options.build.use_cache = !arguments.no_cache;
  const FetchOptions fetch = invocation.fetch_options();
  FetchedBases bases(store, fetch);
  build::Progress progress(progress_mode(arguments.progress));
  auto built = runenv::build_runenv(store, options, arguments.name, bases, progress);
  if (!built) {
    print_failure(built.error().text);
    return tl::make_unexpected(Error{});
  }
  std::string text;
  for (const runenv::BuiltRunenv& one : *built) {
    text += one.repository + ":" + one.recipe.hex() + " " + one.image.digest.text() + "\n";
  }
  TRY(print(text));
  return 0;
}

// The name under which the runtime is in the store from now on, too, has no registry.
Result<int> run_pull(const Invocation& invocation, const RunenvArguments& arguments) {
  TRY_ASSIGN(const Reference wanted, Reference::parse("runenv-" + arguments.name));
  TRY_ASSIGN(const Store store, invocation.open_store());
  TRY_ASSIGN(const Store::Session session, store.begin());
  const std::string source = arguments.registry + "/" + wanted.text();
  TRY_ASSIGN(const Imported image, fetch_image(store, source, invocation.fetch_options()));
  TRY(store.tag(wanted.text(), image.descriptor));
  TRY(print(wanted.text() + " " + image.descriptor.digest.text() + "\n"));
  return 0;
}

Result<int> run_unpack(const Invocation& invocation, const RunenvArguments& arguments) {
  TRY_ASSIGN(const Store store, invocation.open_store());
  TRY_ASSIGN(const Store::Session session, store.begin());
  TRY_ASSIGN(const Descriptor image, store.resolve("runenv-" + arguments.name));
  TRY(make_bundle(store, image, arguments.folder));
  TRY(print(arguments.folder + "\n"));
  return 0;
}

using Run = Result<int> (*)(const Invocation&, const RunenvArguments&);

CLI::App& add_one(CLI::App& verb, Invocation& invocation, const std::shared_ptr<RunenvArguments>& arguments,
                  const char* name, const char* text, Run run) {
  CLI::App& one = *verb.add_subcommand(name, text);
  one.callback([&invocation, arguments, run] {
    invocation.run = [&invocation, arguments, run] { return run(invocation, *arguments); };
  });
  return one;
}

}  // namespace

void add_runenv(CLI::App& app, Invocation& invocation) {
  CLI::App& verb = *app.add_subcommand("runenv", "the language runtimes: base images by recipe");
  verb.require_subcommand(1);
  verb.fallthrough();
  const auto arguments = std::make_shared<RunenvArguments>();
  verb.add_option("--recipes", arguments->recipes, "folder of recipes")->type_name("DIR");
  CLI::App& ls = add_one(verb, invocation, arguments, "ls", "list the recipes", run_ls);
  ls.add_flag("--json", arguments->json, "as JSON");
  CLI::App& build = add_one(verb, invocation, arguments, "build", "build one, and those it is built on", run_build);
  build.add_option("NAME", arguments->name, "such as python-3.11")->required();
  build.add_option("--package-cache", arguments->cache, "folder of fetched packages")->type_name("DIR");
  build.add_flag("--no-cache", arguments->no_cache, "do everything again");
  build.add_option("--progress", arguments->progress, "auto (plain on a terminal), plain or none")
      ->check(CLI::IsMember({"auto", "plain", "none"}));
  CLI::App& pull = add_one(verb, invocation, arguments, "pull", "fetch one from a registry", run_pull);
  pull.add_option("NAME", arguments->name, "such as python-3.11, or python-3.11:TAG")->required();
  pull.add_option("--from", arguments->registry, "where: a registry, and what its repositories begin with")
      ->type_name("REGISTRY[/PREFIX]")
      ->required();
  CLI::App& unpack = add_one(verb, invocation, arguments, "unpack", "make a bundle for krun of one", run_unpack);
  unpack.add_option("NAME", arguments->name, "such as python-3.11")->required();
  unpack.add_option("DIR", arguments->folder, "a folder, which is made")->required();
}

}  // namespace kontain::image::cli
