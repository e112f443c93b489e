#include "imagebuild/build/roots.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "imagebuild/build/user_namespace.h"
#include "imagebuild/layer/apply.h"

namespace kontain::image::build {
namespace {

std::vector<Digest> key_of(const std::vector<StoredLayer>& layers) {
  std::vector<Digest> key;
  for (const StoredLayer& layer : layers) key.push_back(layer.diff_id);
  return key;
}

}  // namespace

Result<void> apply_to_tree(ImageTree& tree, const Store& store, const StoredLayer& layer) {
  TRY_ASSIGN(UniqueFd blob, store.open_blob(layer.descriptor));
  FdSource source(std::move(blob), layer.descriptor.digest.text());
  return tree.apply(source);
}

template <class T>
std::optional<T> Workshop::find_made(const Made<T>& made, const std::vector<Digest>& key) {
  const std::scoped_lock guard(mutex_);
  for (const auto& [digests, value] : made) {
    if (digests == key) return value;
  }
  return std::nullopt;
}

Result<std::unique_ptr<Workshop>> Workshop::create(const Store& store) {
  TRY_ASSIGN(BuildFolder folder, BuildFolder::create(store));
  return std::unique_ptr<Workshop>(new Workshop(store, std::move(folder)));
}

Result<std::string> Workshop::new_folder(std::string_view purpose) {
  const std::scoped_lock guard(mutex_);
  std::string name = std::string(purpose) + std::to_string(count_++);
  const std::string path = folder_.path() + "/" + name;
  if (mkdir(path.c_str(), 0755) != 0) return fail_errno(path, "", errno);
  // Whatever the umask: this folder may become the root of an image.
  if (chmod(path.c_str(), 0755) != 0) return fail_errno(path, "", errno);
  return name;
}

Result<std::string> Workshop::unpacked(const std::vector<StoredLayer>& layers) {
  std::vector<Digest> key = key_of(layers);
  if (const auto name = find_made(unpacked_, key)) return *name;
  TRY_ASSIGN(std::string name, new_folder("root"));
  const std::string path = folder_.path() + "/" + name;
  const UniqueFd root(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail_errno(path, "", errno);
  ApplyOptions options;
  options.ownership = can_give_away_files() ? Ownership::Keep : Ownership::Ignore;
  for (const StoredLayer& layer : layers) {
    TRY_ASSIGN(UniqueFd blob, store_.open_blob(layer.descriptor));
    FdSource compressed(std::move(blob), layer.descriptor.digest.text());
    VerifyingSource verified(compressed, layer.descriptor);
    TRY(apply_layer(root.get(), verified, options));
  }
  const std::scoped_lock guard(mutex_);
  unpacked_.emplace_back(std::move(key), name);
  return name;
}

Result<std::shared_ptr<const ImageTree>> Workshop::tree(const std::vector<StoredLayer>& layers) {
  std::vector<Digest> key = key_of(layers);
  if (const auto tree = find_made(trees_, key)) return *tree;
  auto made = std::make_shared<ImageTree>();
  for (const StoredLayer& layer : layers) TRY(apply_to_tree(*made, store_, layer));
  const std::scoped_lock guard(mutex_);
  trees_.emplace_back(std::move(key), made);
  return made;
}

Result<std::string> Workshop::mount_points() {
  {
    const std::scoped_lock guard(mutex_);
    if (!mount_points_.empty()) return mount_points_;
  }
  TRY_ASSIGN(std::string name, new_folder("mounts"));
  const std::string path = folder_.path() + "/" + name;
  for (const char* folder : {"/dev", "/proc", "/sys", "/etc"}) {
    if (mkdir((path + folder).c_str(), 0755) != 0) return fail_errno(path + folder, "", errno);
  }
  for (const char* file : {"/etc/hosts", "/etc/resolv.conf"}) {
    const UniqueFd made(open((path + file).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    if (!made) return fail_errno(path + file, "", errno);
  }
  const std::scoped_lock guard(mutex_);
  mount_points_ = name;
  return name;
}

void StageRoot::added(size_t index, Changes changes) { changes_[index] = changes; }

void StageRoot::executed(size_t index, std::string upper) { uppers_[index] = std::move(upper); }

Result<std::vector<std::string>> StageRoot::lowers(Workshop& workshop, const std::vector<StoredLayer>& layers) {
  for (; !folders_.empty() && covered_ < layers.size(); ++covered_) {
    const auto upper = uppers_.find(covered_);
    const auto changes = changes_.find(covered_);
    if (upper != uppers_.end()) {
      folders_.push_back(upper->second);
    } else if (changes != changes_.end() && changes->second == Changes::AddOnly) {
      TRY_ASSIGN(std::string name, workshop.unpacked({layers[covered_]}));
      folders_.push_back(std::move(name));
    } else {
      // Its whiteouts mean something only on top of the others.
      folders_.clear();
    }
  }
  if (folders_.empty()) {
    TRY_ASSIGN(std::string name, workshop.unpacked(layers));
    folders_ = {std::move(name)};
  }
  covered_ = layers.size();
  std::vector<std::string> names(folders_.rbegin(), folders_.rend());
  TRY_ASSIGN(std::string mounts, workshop.mount_points());
  names.push_back(std::move(mounts));
  return names;
}

}  // namespace kontain::image::build
