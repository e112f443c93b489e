// COPY and ADD: from files somewhere to the files of a layer.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "imagebuild/build/mode.h"
#include "imagebuild/build/tree.h"
#include "imagebuild/build/users.h"
#include "imagebuild/context/folder.h"

namespace kontain::image::build {

// Where COPY takes files from.
struct CopySource {
  std::shared_ptr<const context::Folder> folder;  // null: there are only inline files
  context::IgnoreList ignore;                     // .dockerignore
  std::string name;                               // for messages: "the context", "stage 'build'"
  // Of a stage or an image: owners and modes are those that its layers have, whatever the folder could hold.
  std::shared_ptr<const ImageTree> tree;
};

struct InlineFile {
  std::string name;
  std::string text;
};

// Everything expanded.
struct CopyRequest {
  bool add = false;
  bool unpack = false;               // ADD: archives become what is in them
  std::vector<std::string> sources;  // patterns
  std::vector<InlineFile> inline_files;
  std::string destination;         // absolute
  bool into_folder = false;        // it was written with a slash at its end, or as "."
  std::optional<Identity> owner;   // --chown
  std::optional<ModeChange> mode;  // --chmod
  context::IgnoreList exclude;     // --exclude, relative to what is copied
  bool follow_destination = true;  // not with --link
  bool parents = false;            // --parents
  int64_t epoch = 0;               // the time of every file, in seconds
};

// The files of the layer in the order of a sorted walk, with the folders above them. From the context: modes are 0755
// and 0644 by the owner's execute bit and owners are root, so that checkouts give the same layer; from elsewhere both
// stay.
Result<LayerFiles> copy_files(const CopyRequest& request, const CopySource& source, const ImageTree& destination);

}  // namespace kontain::image::build
