// Recipes of runtime environments: a folder with a Dockerfile, recipe.json (what it is and what it needs) and lock.json
// (exactly which packages, by digest).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "imagebuild/oci/digest.h"

namespace kontain::image::runenv {

// Where a package comes from; Source: a file of one of Debian's source packages.
enum class Registry { Debian, Npm, Source };

// One package as the lock file pins it.
struct LockedPackage {
  Registry registry = Registry::Debian;
  std::string name;
  std::string version;
  std::string file;  // of a source package: which of its files
  Digest digest;     // of the package's file
  uint64_t size = 0;
};

struct Recipe {
  std::string name;  // "python-3.11": the folder's name
  std::string folder;
  std::string description;
  std::vector<std::string> uses;  // names of recipes it is built on
  std::vector<LockedPackage> packages;
  std::map<std::string, std::string> launchers;  // "python.km" to the program below packages' debian/ that it is

  // What makes programs of the sources, if there is something: the recipe's file "make" (make_programs.h).
  bool has_programs = false;

  // The image's repository: "runenv-python-3.11".
  std::string repository() const { return "runenv-" + name; }
};

// A file of a recipe's folder, of at most 1 MiB.
Result<std::string> read_recipe_file(const std::string& path);
// The text of lock.json; hostile text is an error.
Result<std::vector<LockedPackage>> parse_lock(std::string_view text, std::string_view name);
Result<Recipe> read_recipe(const std::string& folder);
// All recipes below a folder, sorted by name.
Result<std::vector<Recipe>> list_recipes(const std::string& folder);
// Where recipes are: share/kontain/runenv beside the running program's bin.
std::string default_recipes();

// The digest of everything that a recipe says: its files and those of the recipes it uses. The image's tag.
Result<Digest> recipe_digest(const std::vector<Recipe>& all, const Recipe& recipe);
// The recipe and what it uses, in the order they have to be built. Fails for unknown names and circles.
Result<std::vector<Recipe>> build_order(const std::vector<Recipe>& all, std::string_view name);

}  // namespace kontain::image::runenv
