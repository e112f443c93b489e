// What is in an image, from its layers, without unpacking them: names, types, owners and modes, and the texts of the
// files that say who is who.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "imagebuild/build/users.h"
#include "imagebuild/layer/layer.h"
#include "imagebuild/tar/stream.h"

namespace kontain::image::build {

class ImageTree {
 public:
  // Applies one layer (compressed or not; layer.md, "Applying Changesets").
  Result<void> apply(Source& layer);
  Result<void> apply(const LayerFiles& files);

  // The entry of exactly this path; the root ("") is always there.
  std::optional<Entry> find(const std::string& path) const;
  // The path that `path` leads to when every link in it is followed. Components that do not exist stay as they are.
  Result<std::string> resolve(std::string_view path) const;
  // Whether `path`, links followed, is a folder.
  Result<bool> is_folder(std::string_view path) const;
  UserFiles users() const;

 private:
  void put(const Entry& entry, std::string text);
  void remove_below(const std::string& path);
  void remove(const std::string& path);
  bool whiteout(const std::string& path);

  struct Item {
    Entry entry;
    std::string text;  // of etc/passwd and etc/group
  };
  std::map<std::string, Item> items_;
};

}  // namespace kontain::image::build
