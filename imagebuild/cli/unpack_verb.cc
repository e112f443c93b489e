// unpack: the root file system of an image in a folder.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/log.h"
#include "imagebuild/cli/verbs.h"
#include "imagebuild/layer/apply.h"
#include "imagebuild/layer/remove_tree.h"
#include "imagebuild/store/image.h"

namespace kontain::image::cli {
namespace {

// The folder to fill: made here, or empty. What was put into it goes when the work fails.
class Target {
 public:
  static Result<Target> create(const std::string& path) {
    Target made;
    if (mkdir(path.c_str(), 0755) == 0) {
      made.made_ = true;
    } else if (errno != EEXIST) {
      return fail_errno("unpack", path, errno);
    }
    std::error_code error;
    if (!std::filesystem::is_empty(path, error) || error) return fail("unpack", path, "not an empty folder");
    made.path_ = path;
    return made;
  }
  Target(Target&& other) noexcept : path_(std::exchange(other.path_, "")), made_(other.made_) {}
  Target& operator=(Target&&) = delete;
  ~Target() {
    if (path_.empty()) return;
    const UniqueFd fd(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    static_cast<void>(TreeRemover().remove(fd.get(), "rootfs"));
    unlinkat(fd.get(), "image.json", 0);
    if (made_) rmdir(path_.c_str());
  }
  const std::string& path() const { return path_; }
  void keep() { path_.clear(); }

 private:
  Target() = default;
  std::string path_;
  bool made_ = false;
};

Result<void> write_file(const std::string& path, const std::string& text) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd) return fail_errno("create", path, errno);
  FdSink sink(fd.get(), path);
  return sink.write(text);
}

Result<void> apply_all(const Store& store, const std::vector<StoredLayer>& layers, const std::string& root,
                       const ApplyOptions& options) {
  if (mkdir(root.c_str(), 0755) != 0) return fail_errno("mkdir", root, errno);
  const UniqueFd fd(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno("open", root, errno);
  uint64_t devices = 0;
  for (const StoredLayer& stored : layers) {
    const Descriptor& layer = stored.descriptor;
    TRY_ASSIGN(UniqueFd blob, store.open_blob(layer));
    FdSource file(std::move(blob), layer.digest.text());
    VerifyingSource verified(file, layer);
    const auto report = apply_layer(fd.get(), verified, options);
    if (!report) return fail("unpack", layer.digest.text(), report.error().message());
    if (report->diff_id != stored.diff_id) {
      return fail("unpack", layer.digest.text(), "the tar is not what the configuration says");
    }
    devices += report->skipped_devices;
  }
  if (devices > 0) print_warning(std::to_string(devices) + " devices were left out");
  return {};
}

Result<int> run_unpack(const Invocation& invocation, const std::string& source, const std::string& directory,
                       bool rootless) {
  TRY_ASSIGN(const Store store, invocation.open_store());
  TRY_ASSIGN(const Store::Session session, store.begin());
  TRY_ASSIGN(const Imported image, fetch_image(store, source, invocation.fetch_options()));
  TRY_ASSIGN(const Descriptor selected, store.select_platform(image.descriptor));
  TRY_ASSIGN(const Manifest manifest, store.manifest(selected));
  TRY_ASSIGN(const std::string config, store.read_blob(manifest.config));
  TRY_ASSIGN(const ImageConfig parsed, store.config(manifest));
  TRY_ASSIGN(const std::vector<StoredLayer> layers, layers_of(manifest, parsed));
  TRY_ASSIGN(Target target, Target::create(directory));
  ApplyOptions options;
  if (!rootless && geteuid() == 0) {
    options.ownership = Ownership::Keep;
    options.devices = Devices::Make;
  }
  TRY(apply_all(store, layers, target.path() + "/rootfs", options));
  TRY(write_file(target.path() + "/image.json", config));
  target.keep();
  TRY(print(selected.digest.text() + "\n"));
  return 0;
}

}  // namespace

void add_unpack(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand(
      "unpack", "write an image's root file system to DIR/rootfs, its configuration to DIR/image.json");
  auto source = std::make_shared<std::string>();
  auto directory = std::make_shared<std::string>();
  auto rootless = std::make_shared<bool>(false);
  verb->add_flag("--rootless", *rootless, "without owners and devices, as without privileges");
  verb->add_option("IMAGE", *source)->required();
  verb->add_option("DIR", *directory, "folder, which is made or empty")->required();
  verb->callback([&invocation, source, directory, rootless] {
    invocation.run = [&invocation, source, directory, rootless] {
      return run_unpack(invocation, *source, *directory, *rootless);
    };
  });
}

}  // namespace kontain::image::cli
