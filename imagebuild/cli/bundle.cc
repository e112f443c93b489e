#include "imagebuild/cli/bundle.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "imagebuild/build/run.h"
#include "imagebuild/build/tree.h"
#include "imagebuild/layer/apply.h"

namespace kontain::image::cli {
namespace {

Result<void> apply_layers(const Store& store, const Manifest& manifest, const std::string& root,
                          build::ImageTree& tree) {
  const UniqueFd fd(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno(root, "", errno);
  ApplyOptions options;
  if (geteuid() == 0) options.ownership = Ownership::Keep;
  for (const Descriptor& layer : manifest.layers) {
    TRY_ASSIGN(UniqueFd blob, store.open_blob(layer));
    FdSource file(std::move(blob), layer.digest.text());
    VerifyingSource verified(file, layer);
    TRY(apply_layer(fd.get(), verified, options));
    TRY_ASSIGN(UniqueFd again, store.open_blob(layer));
    FdSource names(std::move(again), layer.digest.text());
    TRY(tree.apply(names));
  }
  return {};
}

Result<std::string> runtime_config(const RunConfig& config, const build::ImageTree& tree) {
  build::RunRequest request;
  request.merged = "rootfs";
  request.network = build::Network::Host;
  request.arguments = config.entrypoint;
  request.arguments.insert(request.arguments.end(), config.cmd.begin(), config.cmd.end());
  request.environment = config.env;
  request.working_dir = config.working_dir.empty() ? "/" : config.working_dir;
  if (!config.user.empty()) {
    TRY_ASSIGN(request.user, build::find_identity(tree.users(), config.user));
  }
  return build::bundle_config(request);
}

}  // namespace

Result<void> make_bundle(const Store& store, const Descriptor& image, const std::string& path) {
  TRY_ASSIGN(const Descriptor selected, store.select_platform(image));
  TRY_ASSIGN(const Manifest manifest, store.manifest(selected));
  TRY_ASSIGN(const ImageConfig config, store.config(manifest));
  const std::string root = path + "/rootfs";
  if (mkdir(path.c_str(), 0755) != 0) return fail_errno(path, "", errno);
  if (mkdir(root.c_str(), 0755) != 0) return fail_errno(root, "", errno);
  build::ImageTree tree;
  TRY(apply_layers(store, manifest, root, tree));
  for (const char* folder : {"/proc", "/dev", "/sys"}) {
    if (mkdir((root + folder).c_str(), 0755) != 0 && errno != EEXIST) return fail_errno(root + folder, "", errno);
  }
  TRY_ASSIGN(const std::string text, runtime_config(config.config, tree));
  const UniqueFd fd(open((path + "/config.json").c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd) return fail_errno(path + "/config.json", "", errno);
  FdSink sink(fd.get(), path + "/config.json");
  return sink.write(text + "\n");
}

}  // namespace kontain::image::cli
