// diff and verify: whether images are what they should be.
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "imagebuild/cli/build.h"
#include "imagebuild/cli/recipe.h"
#include "imagebuild/cli/verbs.h"
#include "imagebuild/inspect/compare.h"

namespace kontain::image::cli {
namespace {

std::string change_line(const Change& change) {
  std::string line = std::string(1, static_cast<char>(change.kind)) + " /" + change.path;
  for (size_t i = 0; i < change.fields.size(); ++i) line += (i == 0 ? ": " : ", ") + change.fields[i];
  return line + "\n";
}

Result<int> run_diff(const Invocation& invocation, const std::string& left, const std::string& right) {
  TRY_ASSIGN(const Store store, invocation.open_store());
  TRY_ASSIGN(const Store::Session session, store.begin());
  TRY_ASSIGN(const Imported a, fetch_image(store, left, invocation.fetch_options()));
  TRY_ASSIGN(const Imported b, fetch_image(store, right, invocation.fetch_options()));
  TRY_ASSIGN(const FileTree left_tree, read_tree(store, a.descriptor));
  TRY_ASSIGN(const FileTree right_tree, read_tree(store, b.descriptor));
  const std::vector<Change> changes = compare_trees(left_tree, right_tree);
  std::string text;
  for (const Change& change : changes) text += change_line(change);
  TRY(print(text));
  return changes.empty() ? 0 : kDifferent;
}

// The options of the command line that made an image.
Result<BuildOptions> parse_arguments(const std::vector<std::string>& arguments) {
  CLI::App app;
  Invocation ignored;
  BuildOptions options;
  add_common_options(app, ignored);
  add_build_options(app, options);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return fail("verify", "the recorded command line", error.what());
  }
  return options;
}

Result<Descriptor> build_again(const Invocation& invocation, const Store& store, const Recipe& recipe) {
  TRY_ASSIGN(BuildOptions options, parse_arguments(recipe.arguments));
  options.no_cache = true;
  if (chdir(recipe.directory.c_str()) != 0) return fail_errno("verify", recipe.directory, errno);
  setenv("SOURCE_DATE_EPOCH", recipe.epoch.c_str(), 1);
  return build_image(store, options, invocation.fetch_options());
}

Result<int> run_verify(const Invocation& invocation, const std::string& name) {
  TRY_ASSIGN(const Store store, invocation.open_store());
  TRY_ASSIGN(const Store::Session session, store.begin());
  TRY_ASSIGN(const Descriptor image, store.resolve(name));
  TRY_ASSIGN(const auto text, store.recipe(image.digest));
  if (!text) return fail("verify", name, "it was not built here: how is not known");
  TRY_ASSIGN(const Recipe recipe, parse_recipe(*text));
  // Every byte that lies in the store is read, too: a digest says what should be there, not what is.
  TRY(read_tree(store, image));
  TRY_ASSIGN(const Descriptor again, build_again(invocation, store, recipe));
  TRY_ASSIGN(const std::string difference, first_difference(store, image, again));
  if (difference.empty()) {
    TRY(print("identical: " + image.digest.text() + "\n"));
    return 0;
  }
  TRY(print("different: " + difference + "\n"));
  return kDifferent;
}

}  // namespace

void add_diff(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("diff", "list the files that differ between two images; status 3 when some do");
  auto left = std::make_shared<std::string>();
  auto right = std::make_shared<std::string>();
  verb->add_option("LEFT", *left)->required();
  verb->add_option("RIGHT", *right)->required();
  verb->callback([&invocation, left, right] {
    invocation.run = [&invocation, left, right] { return run_diff(invocation, *left, *right); };
  });
}

void add_verify(CLI::App& app, Invocation& invocation) {
  CLI::App* verb =
      app.add_subcommand("verify", "build an image again and name the first difference; status 3 when there is one");
  auto name = std::make_shared<std::string>();
  verb->add_option("IMAGE", *name, "name in the store")->required();
  verb->callback(
      [&invocation, name] { invocation.run = [&invocation, name] { return run_verify(invocation, *name); }; });
}

}  // namespace kontain::image::cli
