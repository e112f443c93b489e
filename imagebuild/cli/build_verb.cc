#include <fcntl.h>

#include <cerrno>

#include "base/log.h"
#include "imagebuild/cli/build.h"
#include "imagebuild/cli/recipe.h"
#include "imagebuild/cli/verbs.h"
#include "imagebuild/inspect/sbom.h"
#include "imagebuild/oci/json.h"

namespace kontain::image::cli {
namespace {

Result<void> write_sbom(const Store& store, const Descriptor& image, const BuildOptions& options) {
  TRY_ASSIGN(const int64_t epoch, source_date_epoch());
  TRY_ASSIGN(const std::string text, spdx_document(store, image, options.tag, timestamp(epoch)));
  const UniqueFd fd(open(options.sbom_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!fd) return fail_errno("--sbom", options.sbom_file, errno);
  FdSink sink(fd.get(), options.sbom_file);
  return sink.write(text);
}

Result<nlohmann::json> summary(const Store& store, const Descriptor& image, const std::string& name) {
  TRY_ASSIGN(const Manifest manifest, store.manifest(image));
  nlohmann::json layers = nlohmann::json::array();
  uint64_t size = image.size + manifest.config.size;
  for (const Descriptor& layer : manifest.layers) {
    layers.push_back(to_json(layer));
    size += layer.size;
  }
  return nlohmann::json{{"name", name}, {"digest", image.digest.text()},      {"mediaType", image.media_type},
                        {"size", size}, {"config", to_json(manifest.config)}, {"layers", layers}};
}

Result<void> report(const Store& store, const Descriptor& image, const std::string& name, const std::string& format) {
  if (format == "digest") return print(image.digest.text() + "\n");
  TRY_ASSIGN(const nlohmann::json facts, summary(store, image, name));
  if (format == "json") return print(facts.dump(2) + "\n");
  const size_t layers = facts["layers"].size();
  return print((name.empty() ? "" : name + " ") + image.digest.text() + " " + human_size(facts["size"]) + " in " +
               std::to_string(layers) + (layers == 1 ? " layer\n" : " layers\n"));
}

Result<std::string> checked_name(const std::string& tag) {
  if (tag.empty()) return std::string();
  TRY_ASSIGN(const Reference reference, Reference::parse(tag));
  if (!reference.digest.empty()) return fail("--tag", tag, "a name for a new image has no digest");
  return reference.text();
}

Result<int> dry_run(const Store& store, const BuildOptions& options, const FetchOptions& fetch) {
  TRY_ASSIGN(const std::vector<std::string> steps, plan_image(store, options, fetch));
  std::string text;
  for (const std::string& step : steps) text += step + "\n";
  TRY(print(text));
  return 0;
}

Result<int> run_build(const Invocation& invocation, const BuildOptions& options,
                      const std::vector<std::string>& arguments) {
  TRY_ASSIGN(const std::string name, checked_name(options.tag));
  // Said before the work, not behind it.
  for (const std::string& output : options.outputs) TRY(Locator::parse_output(output));
  TRY_ASSIGN(const Store store, invocation.open_store());
  TRY_ASSIGN(const Store::Session session, store.begin());
  if (options.dry_run) return dry_run(store, options, invocation.fetch_options());
  TRY_ASSIGN(const Descriptor image, build_image(store, options, invocation.fetch_options()));
  TRY_ASSIGN(const Recipe recipe, current_recipe(arguments));
  TRY(store.set_recipe(image.digest, to_text(recipe)));
  if (!name.empty()) TRY(store.tag(name, image));
  for (const std::string& output : options.outputs) TRY(put_image(invocation, store, image, name, output));
  if (!options.sbom_file.empty()) TRY(write_sbom(store, image, options));
  TRY(report(store, image, name, options.print));
  return 0;
}

}  // namespace

void add_build(CLI::App& app, Invocation& invocation, const std::vector<std::string>& arguments) {
  auto options = std::make_shared<BuildOptions>();
  add_build_options(app, *options);
  app.callback([&app, &invocation, options, arguments] {
    if (!app.get_subcommands().empty()) return;
    invocation.run = [&invocation, options, arguments] { return run_build(invocation, *options, arguments); };
  });
}

}  // namespace kontain::image::cli
