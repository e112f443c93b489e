// Root file systems of stages: layers unpacked into folders that live as long as the build, put together by overlayfs.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "imagebuild/build/build_folder.h"
#include "imagebuild/build/tree.h"
#include "imagebuild/context/folder.h"
#include "imagebuild/store/image.h"
#include "imagebuild/store/store.h"

namespace kontain::image::build {

// The folder of one build, and what was unpacked there.
class Workshop {
 public:
  static Result<std::unique_ptr<Workshop>> create(const Store& store);
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  const std::string& path() const { return folder_.path(); }
  int lock() const { return folder_.lock(); }
  // A new empty folder; its name in path().
  Result<std::string> new_folder(std::string_view purpose);
  // Layers applied one over the other: the name of the folder that holds the result. Made once for the same layers.
  Result<std::string> unpacked(const std::vector<StoredLayer>& layers);
  // What is in them by names, the same way.
  Result<std::shared_ptr<const ImageTree>> tree(const std::vector<StoredLayer>& layers);
  // A folder with what krun mounts something on, so that these names are not made in the image.
  Result<std::string> mount_points();

 private:
  // Made of these layers, by their digests.
  template <class T>
  using Made = std::vector<std::pair<std::vector<Digest>, T>>;
  template <class T>
  std::optional<T> find_made(const Made<T>& made, const std::vector<Digest>& key);
  Workshop(const Store& store, BuildFolder folder) : store_(store), folder_(std::move(folder)) {}
  const Store& store_;
  BuildFolder folder_;
  std::mutex mutex_;
  unsigned count_ = 0;
  std::string mount_points_;
  Made<std::string> unpacked_;
  Made<std::shared_ptr<const ImageTree>> trees_;
};

// Applies a layer of the store.
Result<void> apply_to_tree(ImageTree& tree, const Store& store, const StoredLayer& layer);

// What a layer can do to what is below it.
enum class Changes { AddOnly, Any };

// The layers of one stage as the lower folders of an overlay.
class StageRoot {
 public:
  // The layer `index` is in the image now.
  void added(size_t index, Changes changes);
  // The layer `index` was made just now: what it changes is in the folder `upper`.
  void executed(size_t index, std::string upper);
  // Names of folders of the workshop, the topmost first.
  Result<std::vector<std::string>> lowers(Workshop& workshop, const std::vector<StoredLayer>& layers);

 private:
  std::vector<std::string> folders_;  // the lowest first; the first has several layers
  size_t covered_ = 0;                // layers that are in folders_
  std::map<size_t, std::string> uppers_;
  std::map<size_t, Changes> changes_;
};

}  // namespace kontain::image::build
