// How two images differ.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "imagebuild/inspect/tree.h"
#include "imagebuild/oci/model.h"
#include "imagebuild/store/store.h"

namespace kontain::image {

// The first difference of two images as they lie there, bytes and order included: "layer 1: app.km: mode: 0644 is 0755"
// or "config: /config/Env/0: …"; nothing when the manifests are equal.
Result<std::string> first_difference(const Store& store, const Descriptor& left, const Descriptor& right);

enum class ChangeKind : char { Added = 'A', Deleted = 'D', Changed = 'C' };
struct Change {
  ChangeKind kind;
  std::string path;
  std::vector<std::string> fields;  // of a Changed one: "mode 0644 0755"
};
// The files that differ, sorted by path; layers do not matter.
std::vector<Change> compare_trees(const FileTree& left, const FileTree& right);

}  // namespace kontain::image
