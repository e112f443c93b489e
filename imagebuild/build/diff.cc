#include "imagebuild/build/diff.h"

#include <map>

namespace kontain::image::build {
namespace {

using context::Folder;
using context::Node;

constexpr std::string_view kTrustedOverlay = "trusted.overlay.";
constexpr std::string_view kUserOverlay = "user.overlay.";

bool is_overlay_attribute(std::string_view name) {
  return name.starts_with(kTrustedOverlay) || name.starts_with(kUserOverlay);
}

std::string join(std::string_view folder, std::string_view name) {
  return folder.empty() ? std::string(name) : std::string(folder) + "/" + std::string(name);
}

class Changes {
 public:
  Changes(std::shared_ptr<const Folder> upper, int64_t mtime) : upper_(std::move(upper)), mtime_(mtime) {}

  Result<LayerFiles> collect() {
    TRY_ASSIGN(const std::vector<Node> nodes, context::walk(*upper_, "", context::IgnoreList(), ""));
    for (const Node& node : nodes) {
      if (node.path.empty()) continue;
      TRY(add(node));
    }
    return std::move(files_);
  }

 private:
  Result<void> add(const Node& node) {
    if (node.type == EntryType::CharDevice && node.device_major == 0 && node.device_minor == 0) {
      files_.push_back(whiteout(node.path, mtime_));
      return {};
    }
    LayerFile file{entry_of(node), std::monostate()};
    TRY_ASSIGN(const bool opaque, take_attributes(node, file.entry));
    if (node.type == EntryType::File) add_content(node, file);
    files_.push_back(std::move(file));
    if (opaque) add_opaque(node);
    return {};
  }

  Entry entry_of(const Node& node) const {
    Entry entry;
    entry.path = node.path;
    entry.type = node.type;
    entry.mode = node.mode;
    entry.uid = node.uid;
    entry.gid = node.gid;
    entry.mtime = mtime_;
    entry.size = node.size;
    entry.link_target = node.link_target;
    entry.device_major = node.device_major;
    entry.device_minor = node.device_minor;
    return entry;
  }

  // Whether it is an opaque folder.
  Result<bool> take_attributes(const Node& node, Entry& entry) {
    bool opaque = false;
    if (node.type == EntryType::Symlink) return opaque;
    TRY_ASSIGN(const auto xattrs, upper_->read_xattrs(node.path));
    for (const auto& [name, value] : xattrs) {
      if (!is_overlay_attribute(name))
        entry.xattrs[name] = value;
      else
        opaque |= name.ends_with(".opaque") && value == "y" && node.type == EntryType::Directory;
    }
    return opaque;
  }

  void add_opaque(const Node& node) {
    Entry entry;
    entry.path = join(node.path, kOpaqueWhiteout);
    entry.mtime = mtime_;
    files_.push_back({std::move(entry), std::string()});
  }

  void add_content(const Node& node, LayerFile& file) {
    const auto [first, is_new] = first_names_.emplace(node.inode, node.path);
    if (node.links > 1 && !is_new) {
      file.entry.type = EntryType::Hardlink;
      file.entry.size = 0;
      file.entry.link_target = first->second;
      return;
    }
    const auto upper = upper_;
    const std::string path = node.path;
    file.content = OpenedFile{[upper, path] { return upper->open_file(path); }, upper->host_path() + "/" + path};
  }

  std::shared_ptr<const Folder> upper_;
  int64_t mtime_;
  LayerFiles files_;
  std::map<std::pair<uint64_t, uint64_t>, std::string> first_names_;
};

}  // namespace

Result<LayerFiles> overlay_changes(const std::shared_ptr<const Folder>& upper, int64_t mtime) {
  return Changes(upper, mtime).collect();
}

}  // namespace kontain::image::build
