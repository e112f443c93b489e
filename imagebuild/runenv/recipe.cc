#include "imagebuild/runenv/recipe.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "imagebuild/build/copy.h"
#include "imagebuild/build/step_cache.h"
#include "imagebuild/tar/reader.h"
#include "imagebuild/tar/stream.h"

namespace kontain::image::runenv {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr size_t kMaxFile = 1 << 20;
constexpr size_t kMaxPackages = 1000;

// Names and versions go into command lines of package managers and into paths.
bool is_plain(std::string_view text) {
  if (text.empty() || text.size() > 128 || text[0] == '-' || text[0] == '.') return false;
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-:~_") ==
         std::string_view::npos;
}

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<LockedPackage> parse_package(const json& value, Registry registry, std::string_view file) {
  if (!value.is_object()) return fail(file, "", "a package is no object");
  LockedPackage package{registry, text_of(value, "name"), text_of(value, "version"), text_of(value, "file"), {}, 0};
  if (!is_plain(package.name) || !is_plain(package.version)) return fail(file, package.name, "a bad name or version");
  const bool is_source = registry == Registry::Source;
  if (is_source ? !is_plain(package.file) : !package.file.empty()) return fail(file, package.name, "a bad file name");
  TRY_ASSIGN(package.digest, Digest::parse("sha256:" + text_of(value, "sha256")));
  const auto size = value.find("size");
  if (size == value.end() || !size->is_number_unsigned()) return fail(file, package.name, "there is no size");
  package.size = size->get<uint64_t>();
  return package;
}

Result<std::vector<std::string>> parse_names(const json& object, const char* key, const std::string& file) {
  std::vector<std::string> names;
  const auto found = object.find(key);
  if (found == object.end()) return names;
  if (!found->is_array()) return fail(file, key, "it is no list");
  for (const auto& name : *found) {
    if (!name.is_string() || !is_plain(name.get<std::string>())) return fail(file, key, "a bad name");
    names.push_back(name.get<std::string>());
  }
  return names;
}

Result<std::map<std::string, std::string>> parse_launchers(const json& object, const std::string& file) {
  std::map<std::string, std::string> launchers;
  const auto found = object.find("launchers");
  if (found == object.end()) return launchers;
  if (!found->is_object()) return fail(file, "launchers", "it is no object");
  for (const auto& [name, program] : found->items()) {
    const std::string path = text_of(*found, name.c_str());
    if (!is_plain(name) || path.empty() || normal_path(path) != path)
      return fail(file, "launchers", "a bad name or path");
    launchers[name] = path;
  }
  return launchers;
}

const Recipe* find_recipe(const std::vector<Recipe>& all, std::string_view name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Recipe& r) { return r.name == name; });
  return found == all.end() ? nullptr : &*found;
}

Result<void> add_in_order(const std::vector<Recipe>& all, std::string_view name, std::vector<std::string>& path,
                          std::vector<Recipe>& out) {
  if (find_recipe(out, name) != nullptr) return {};
  if (std::find(path.begin(), path.end(), name) != path.end()) return fail("runenv", name, "it uses itself");
  const Recipe* recipe = find_recipe(all, name);
  if (recipe == nullptr) return fail("runenv", name, "there is no such recipe");
  path.emplace_back(name);
  for (const std::string& used : recipe->uses) TRY(add_in_order(all, used, path, out));
  path.pop_back();
  out.push_back(*recipe);
  return {};
}

}  // namespace

Result<std::string> read_recipe_file(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(path, "", errno);
  FdSource source(std::move(fd), path);
  return read_all(source, kMaxFile, path);
}

Result<std::vector<LockedPackage>> parse_lock(std::string_view text, std::string_view name) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object()) return fail(name, "", "it is no JSON object");
  std::vector<LockedPackage> packages;
  for (const auto& [key, registry] : {std::pair{"debian", Registry::Debian}, std::pair{"npm", Registry::Npm},
                                      std::pair{"source", Registry::Source}}) {
    const auto list = document.find(key);
    if (list == document.end()) continue;
    if (!list->is_array() || list->size() > kMaxPackages) return fail(name, key, "it is no list of packages");
    for (const json& value : *list) {
      TRY_ASSIGN(LockedPackage package, parse_package(value, registry, name));
      packages.push_back(std::move(package));
    }
  }
  return packages;
}

Result<Recipe> read_recipe(const std::string& folder) {
  Recipe recipe;
  recipe.folder = folder;
  recipe.name = fs::path(folder).filename().string();
  const std::string file = folder + "/recipe.json";
  TRY_ASSIGN(const std::string text, read_recipe_file(file));
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object()) return fail(file, "", "it is no JSON object");
  recipe.description = text_of(document, "description");
  TRY_ASSIGN(recipe.uses, parse_names(document, "uses", file));
  TRY_ASSIGN(recipe.launchers, parse_launchers(document, file));
  recipe.has_programs = fs::exists(folder + "/make");
  TRY_ASSIGN(const std::string lock, read_recipe_file(folder + "/lock.json"));
  TRY_ASSIGN(recipe.packages, parse_lock(lock, folder + "/lock.json"));
  return recipe;
}

Result<std::vector<Recipe>> list_recipes(const std::string& folder) {
  std::error_code error;
  std::vector<Recipe> recipes;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (!fs::exists(entry.path() / "recipe.json")) continue;
    TRY_ASSIGN(Recipe recipe, read_recipe(entry.path().string()));
    recipes.push_back(std::move(recipe));
  }
  if (error) return fail_errno(folder, "", error.value());
  std::sort(recipes.begin(), recipes.end(), [](const Recipe& a, const Recipe& b) { return a.name < b.name; });
  return recipes;
}

std::string default_recipes() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return (program.parent_path().parent_path() / "share/kontain/runenv").string();
}

Result<Digest> recipe_digest(const std::vector<Recipe>& all, const Recipe& recipe) {
  TRY_ASSIGN(context::Folder folder, context::Folder::open(recipe.folder));
  build::CopySource source{std::make_shared<context::Folder>(std::move(folder)), {}, "the recipe", {}};
  build::CopyRequest request;
  request.sources = {"."};
  request.destination = "/";
  TRY_ASSIGN(const LayerFiles files, build::copy_files(request, source, build::ImageTree()));
  TRY_ASSIGN(const Digest content, build::content_digest(files));
  build::StepKey key("runenv");
  key.add(recipe.name).add(content.text());
  for (const std::string& name : recipe.uses) {
    const Recipe* used = find_recipe(all, name);
    if (used == nullptr) return fail("runenv", name, "there is no such recipe");
    TRY_ASSIGN(const Digest digest, recipe_digest(all, *used));
    key.add(digest.text());
  }
  return key.digest();
}

Result<std::vector<Recipe>> build_order(const std::vector<Recipe>& all, std::string_view name) {
  std::vector<Recipe> out;
  std::vector<std::string> path;
  TRY(add_in_order(all, name, path, out));
  return out;
}

}  // namespace kontain::image::runenv
