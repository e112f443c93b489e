#include "imagebuild/convert/convert.h"

#include <algorithm>

#include "base/version.h"
#include "imagebuild/store/image.h"

namespace kontain::image::convert {
namespace {

struct Loaded {
  Manifest manifest;
  ImageConfig config;
  std::vector<StoredLayer> layers;
};

Result<Loaded> load(const Store& store, const Descriptor& image) {
  Loaded loaded;
  TRY_ASSIGN(loaded.manifest, store.manifest(image));
  TRY_ASSIGN(loaded.config, store.config(loaded.manifest));
  TRY_ASSIGN(loaded.layers, layers_of(loaded.manifest, loaded.config));
  return loaded;
}

bool is_built_on(const Loaded& image, const Loaded& base) {
  return base.layers.size() <= image.layers.size() &&
         std::equal(base.layers.begin(), base.layers.end(), image.layers.begin(),
                    [](const StoredLayer& a, const StoredLayer& b) { return a.diff_id == b.diff_id; });
}

std::string_view name_of(const std::string& assignment) {
  return std::string_view(assignment).substr(0, assignment.find('='));
}

const std::string* find_variable(const std::vector<std::string>& env, std::string_view name) {
  const auto found = std::find_if(env.begin(), env.end(), [&](const std::string& one) { return name_of(one) == name; });
  return found == env.end() ? nullptr : &*found;
}

// The runtime's variables, and of the image's those that it did not just take over from the base.
std::vector<std::string> merged_environment(const RunConfig& image, const RunConfig& base, const RunConfig& runenv) {
  std::vector<std::string> env = runenv.env;
  for (const std::string& variable : image.env) {
    const std::string* inherited = find_variable(base.env, name_of(variable));
    if (inherited != nullptr && *inherited == variable) continue;
    std::erase_if(env, [&](const std::string& one) { return name_of(one) == name_of(variable); });
    env.push_back(variable);
  }
  return env;
}

// A value of the image stays, unless it is the base's.
template <class T>
void take_over(T& image, const T& base, const T& runenv) {
  if (image == base) image = runenv;
}

void merge_config(ImageConfig& image, const ImageConfig& base, const ImageConfig& runenv) {
  RunConfig& run = image.config;
  run.env = merged_environment(run, base.config, runenv.config);
  take_over(run.entrypoint, base.config.entrypoint, runenv.config.entrypoint);
  take_over(run.cmd, base.config.cmd, runenv.config.cmd);
  take_over(run.working_dir, base.config.working_dir, runenv.config.working_dir);
  take_over(run.user, base.config.user, runenv.config.user);
  take_over(run.shell, base.config.shell, runenv.config.shell);
  take_over(run.stop_signal, base.config.stop_signal, runenv.config.stop_signal);
  for (const auto& [name, value] : runenv.config.labels) run.labels.insert_or_assign(name, value);
  std::vector<History> history = runenv.history;
  const size_t inherited = std::min(base.history.size(), image.history.size());
  history.insert(history.end(), image.history.begin() + static_cast<long>(inherited), image.history.end());
  image.history = std::move(history);
}

Result<void> replace(const Store& store, Loaded& image, const Replacement& replacement, TextMap& facts) {
  TRY_ASSIGN(const Loaded base, load(store, replacement.base));
  TRY_ASSIGN(const Loaded runenv, load(store, replacement.runenv));
  if (!is_built_on(image, base)) {
    return fail("convert", replacement.base.digest.text(),
                "the image is not built on this base: its first layers are others");
  }
  std::vector<StoredLayer> layers = runenv.layers;
  layers.insert(layers.end(), image.layers.begin() + static_cast<long>(base.layers.size()), image.layers.end());
  image.layers = std::move(layers);
  merge_config(image.config, base.config, runenv.config);
  facts[std::string(kReplacedBase)] = replacement.base.digest.text();
  facts[std::string(kRunenvImage)] = replacement.runenv.digest.text();
  return {};
}

}  // namespace

Result<Descriptor> convert_image(const Store& store, const Descriptor& image,
                                 const std::optional<Replacement>& replacement) {
  TRY_ASSIGN(Loaded loaded, load(store, image));
  TextMap facts = {{std::string(kConvertedFrom), image.digest.text()}, {"app.kontain.version", version()}};
  if (replacement) TRY(replace(store, loaded, *replacement, facts));
  for (const auto& [name, value] : facts) {
    loaded.config.config.labels[name] = value;
    loaded.manifest.annotations[name] = value;
  }
  return store_image(store, std::move(loaded.config), loaded.layers, loaded.manifest.annotations);
}

}  // namespace kontain::image::convert
