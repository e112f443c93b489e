#include "imagebuild/runenv/runenv.h"

#include "base/version.h"
#include "imagebuild/build/roots.h"
#include "imagebuild/runenv/launcher.h"
#include "imagebuild/runenv/make_programs.h"
#include "imagebuild/runenv/packages.h"

namespace kontain::image::runenv {
namespace {

using build::BuildFailure;
using build::Built;

tl::unexpected<BuildFailure> failed(const Error& error) { return tl::make_unexpected(BuildFailure{error.message()}); }

// A tag has no other characters than these (distribution-spec, "Pulling manifests").
std::string as_tag(std::string text) {
  for (char& c : text) {
    const bool plain =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-';
    if (!plain) c = '_';
  }
  return text;
}

class Runenvs {
 public:
  Runenvs(const Store& store, const RunenvOptions& options, build::Bases& bases, build::Progress& progress)
      : store_(store), options_(options), bases_(bases), progress_(progress) {}

  Built<std::vector<BuiltRunenv>> build(std::string_view name) {
    auto all = list_recipes(options_.recipes);
    if (!all) return failed(all.error());
    const auto order = build_order(*all, name);
    if (!order) return failed(order.error());
    std::vector<BuiltRunenv> out;
    for (const Recipe& recipe : *order) {
      const auto digest = recipe_digest(*all, recipe);
      if (!digest) return failed(digest.error());
      auto image = build_one(recipe, *digest);
      if (!image) return tl::make_unexpected(image.error());
      if (auto tagged = tag(recipe, *digest, *image); !tagged) return failed(tagged.error());
      contexts_[recipe.repository()] = recipe.repository() + ":" + digest->hex();
      out.push_back({recipe.repository(), *digest, *image});
    }
    return out;
  }

 private:
  // Whether this SDK made the image: what its labels say has to be true of the moving tags, too.
  bool is_ours(const Descriptor& image) const {
    const auto manifest = store_.manifest(image);
    if (!manifest) return false;
    const auto config = store_.config(*manifest);
    if (!config) return false;
    const auto label = config->config.labels.find("app.kontain.revision");
    return label != config->config.labels.end() && label->second == git_sha();
  }

  Built<Descriptor> build_one(const Recipe& recipe, const Digest& digest) {
    if (options_.build.use_cache) {
      if (const auto known = store_.resolve(recipe.repository() + ":" + digest.hex()); known && is_ours(*known))
        return *known;
    }
    auto workshop = build::Workshop::create(store_);
    if (!workshop) return failed(workshop.error());
    const auto packages = unpack_packages(recipe, **workshop);
    if (!packages) return failed(packages.error());
    build::BuildOptions options = options_.build;
    options.context = recipe.folder;
    options.dockerfile = recipe.folder + "/Dockerfile";
    options.contexts = contexts_;
    options.contexts["packages"] = *packages;
    options.labels["app.kontain.runenv"] = recipe.name;
    options.labels["app.kontain.runenv.recipe"] = digest.text();
    options.labels["app.kontain.version"] = std::string(version());
    options.labels["app.kontain.revision"] = std::string(git_sha());
    return build_from_dockerfile(store_, options, bases_, progress_);
  }

  Result<std::string> unpack_packages(const Recipe& recipe, build::Workshop& workshop) {
    TRY_ASSIGN(const std::string name, workshop.new_folder("packages"));
    std::string folder = workshop.path() + "/" + name;
    size_t number = 0;
    for (const LockedPackage& package : recipe.packages) {
      progress_.begin(recipe.name, ++number, recipe.packages.size(), package.name + " " + package.version);
      TRY_ASSIGN(const std::string file, fetch_package(package, options_.cache));
      TRY(unpack_package(package, file, folder));
      progress_.end(recipe.name, "");
    }
    if (recipe.has_programs) {
      progress_.begin(recipe.name, 1, 1, "make");
      TRY(make_programs(recipe, folder, options_.cache));
      progress_.end(recipe.name, "");
    }
    TRY(make_launchers(recipe.launchers, folder));
    return folder;
  }

  Result<void> tag(const Recipe& recipe, const Digest& digest, const Descriptor& image) const {
    for (const std::string& tag : {digest.hex(), as_tag(version()), std::string("latest")}) {
      TRY(store_.tag(recipe.repository() + ":" + tag, image));
    }
    return {};
  }

  const Store& store_;
  const RunenvOptions& options_;
  build::Bases& bases_;
  build::Progress& progress_;
  std::map<std::string, std::string> contexts_;  // what was built, for those that use it
};

}  // namespace

Built<std::vector<BuiltRunenv>> build_runenv(const Store& store, const RunenvOptions& options, std::string_view name,
                                             build::Bases& bases, build::Progress& progress) {
  return Runenvs(store, options, bases, progress).build(name);
}

}  // namespace kontain::image::runenv
