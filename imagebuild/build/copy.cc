#include "imagebuild/build/copy.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "imagebuild/build/unpack.h"

namespace kontain::image::build {
namespace {

using context::clean_path;
using context::Folder;
using context::Links;
using context::Node;

constexpr uint32_t kFolderMode = 0755, kFileMode = 0644, kProgramMode = 0755;

std::string join(std::string_view folder, std::string_view name) {
  if (name.empty()) return std::string(folder);
  return folder.empty() ? std::string(name) : std::string(folder) + "/" + std::string(name);
}

std::string_view last_part(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view parent(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

// A folder is followed by what is in it: the order of a walk.
struct TreeOrder {
  bool operator()(const std::string& a, const std::string& b) const {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
      const auto rank = [](char c) { return c == '/' ? 0 : static_cast<int>(static_cast<unsigned char>(c)) + 1; };
      return rank(x) < rank(y);
    });
  }
};

using FilesByPath = std::map<std::string, LayerFile, TreeOrder>;

// A hard link comes behind what it is a link to: the first name of each group becomes the file.
void order_links(FilesByPath& files) {
  std::map<std::string, std::vector<std::string>> groups;  // by link target, in tree order
  for (const auto& [path, file] : files) {
    if (file.entry.type == EntryType::Hardlink) groups[file.entry.link_target].push_back(path);
  }
  for (const auto& [target, links] : groups) {
    const auto file = files.find(target);
    if (file == files.end() || !TreeOrder()(links.front(), target)) continue;
    LayerFile& first = files.find(links.front())->second;
    std::swap(first, file->second);
    std::swap(first.entry.path, file->second.entry.path);
    for (const std::string& link : links) {
      if (link != links.front()) files.find(link)->second.entry.link_target = links.front();
    }
    file->second.entry.link_target = links.front();
  }
}

class Copier {
 public:
  Copier(const CopyRequest& request, const CopySource& source, const ImageTree& tree)
      : request_(request), source_(source), tree_(tree) {}

  Result<LayerFiles> run() {
    TRY_ASSIGN(const std::vector<std::string> found, expand_sources());
    TRY(find_destination(found.size() + request_.inline_files.size()));
    for (const std::string& path : found) TRY(copy(path));
    for (const InlineFile& file : request_.inline_files) {
      const std::string_view name = last_part(file.name);
      if (name.empty() || name == "." || name == "..") return fail(command(), file.name, "it is no name for a file");
      Entry entry;
      entry.path = into_ ? join(top_, name) : top_;
      entry.mode = kFileMode;
      entry.size = file.text.size();
      TRY(put(std::move(entry), file.text));
    }
    return finish();
  }

 private:
  std::string command() const { return request_.add ? "ADD" : "COPY"; }

  // The files that the patterns name, each once for each pattern.
  Result<std::vector<std::string>> expand_sources() const {
    std::vector<std::string> out;
    for (const std::string& pattern : request_.sources) {
      if (!source_.folder) return fail(command(), pattern, "there is no context to copy from");
      TRY_ASSIGN(std::vector<std::string> found, context::expand_pattern(*source_.folder, pattern));
      std::erase_if(found, [&](const std::string& path) { return context::has_wildcard(pattern) && left_out(path); });
      if (found.empty()) return fail(command(), pattern, "no file in " + source_.name + " matches");
      out.insert(out.end(), found.begin(), found.end());
    }
    return out;
  }

  bool left_out(const std::string& path) const {
    return source_.ignore.ignores(path) && !source_.ignore.has_exceptions();
  }

  Result<void> find_destination(size_t count) {
    top_ = clean_path(request_.destination);
    if (request_.follow_destination) {
      TRY_ASSIGN(top_, tree_.resolve(top_));
    }
    const auto there = tree_.find(top_);
    into_ = request_.into_folder || request_.parents || (there && there->type == EntryType::Directory);
    if (there && there->type != EntryType::Directory && into_ && request_.follow_destination) {
      return fail(command(), request_.destination, "it is no folder in the image");
    }
    if (count > 1 && !into_) {
      return fail(command(), request_.destination, "several files need a folder: end the destination with /");
    }
    return {};
  }

  Result<void> copy(const std::string& path) {
    TRY_ASSIGN(const auto node, source_.folder->stat(path, Links::Follow));
    if (!node || left_out(path)) {
      return fail(command(), path, node ? "it is left out by .dockerignore" : "no such file in " + source_.name);
    }
    if (node->socket) return fail(command(), path, "a socket cannot be copied");
    if (node->type == EntryType::Directory) return copy_folder(path, *node);
    const std::string target = target_of(path);
    if (request_.unpack && node->type == EntryType::File) {
      TRY_ASSIGN(const bool unpacked, unpack(path));
      if (unpacked) return {};
    }
    return put_node(*node, path, target);
  }

  std::string target_of(const std::string& path) const {
    if (request_.parents) return join(top_, path);
    return into_ ? join(top_, last_part(path)) : top_;
  }

  Result<bool> unpack(const std::string& path) {
    TRY_ASSIGN(UniqueFd fd, source_.folder->open_file(path));
    TRY_ASSIGN(auto files, unpack_archive(std::move(fd), path, request_.epoch));
    if (!files) return false;
    for (LayerFile& file : *files) {
      file.entry.path = join(top_, file.entry.path);
      if (file.entry.type == EntryType::Hardlink) file.entry.link_target = join(top_, file.entry.link_target);
      if (file.entry.path.empty()) continue;
      TRY(put(std::move(file.entry), std::move(file.content)));
    }
    return true;
  }

  // What is in the folder; the folder itself only where it is new.
  Result<void> copy_folder(const std::string& path, const Node& folder) {
    TRY_ASSIGN(const std::string real, source_.folder->real_path(path));
    TRY_ASSIGN(const std::vector<Node> nodes, context::walk(*source_.folder, real, source_.ignore, ""));
    const std::string base = request_.parents ? join(top_, path) : top_;
    const auto there = tree_.find(base);
    if (there && there->type != EntryType::Directory) return fail(command(), base, "it is no folder in the image");
    for (const Node& node : nodes) {
      const std::string inside(node.path.size() > real.size() ? node.path.substr(real.empty() ? 0 : real.size() + 1)
                                                              : "");
      if (!inside.empty() && excluded(inside, node)) continue;
      if (inside.empty()) {
        if (!there && !base.empty()) TRY(put_node(folder, node.path, base));
        continue;
      }
      TRY(put_node(node, node.path, join(base, inside)));
    }
    return {};
  }

  bool excluded(const std::string& inside, const Node& node) const {
    if (!request_.exclude.ignores(inside)) return false;
    return node.type != EntryType::Directory || !request_.exclude.has_exceptions();
  }

  // The file `path` of the source as the entry `target`.
  Result<void> put_node(const Node& node, const std::string& path, const std::string& target) {
    Entry entry;
    entry.path = target;
    entry.type = node.type;
    entry.size = node.size;
    entry.link_target = node.link_target;
    entry.device_major = node.device_major;
    entry.device_minor = node.device_minor;
    if (node.type == EntryType::CharDevice || node.type == EntryType::BlockDevice) {
      if (!source_.tree) return fail(command(), path, "a device cannot be copied");
    }
    TRY(take_attributes(entry, node, path));
    if (node.type != EntryType::File) return put(std::move(entry), std::monostate());
    if (source_.tree && node.links > 1 && link_to_first(entry, node)) return put(std::move(entry), std::monostate());
    const auto folder = source_.folder;
    OpenedFile content{[folder, path] { return folder->open_file(path); }, folder->host_path() + "/" + path};
    return put(std::move(entry), std::move(content));
  }

  Result<void> take_attributes(Entry& entry, const Node& node, const std::string& path) {
    if (!source_.tree) {
      const bool program = (node.mode & 0100) != 0;
      entry.mode = node.type == EntryType::Directory ? kFolderMode : program ? kProgramMode : kFileMode;
      if (node.type == EntryType::Symlink) entry.mode = 0777;
      return {};
    }
    TRY_ASSIGN(const std::string real, source_.tree->resolve(parent(path)));
    const auto known = source_.tree->find(join(real, last_part(path)));
    entry.mode = known ? known->mode : node.mode;
    entry.uid = known ? known->uid : node.uid;
    entry.gid = known ? known->gid : node.gid;
    if (known) entry.xattrs = known->xattrs;
    return {};
  }

  // Names of one file become hard links to the first of them.
  bool link_to_first(Entry& entry, const Node& node) {
    const auto [first, is_new] = first_names_.emplace(node.inode, entry.path);
    if (is_new || first->second == entry.path) return false;
    entry.type = EntryType::Hardlink;
    entry.size = 0;
    entry.link_target = first->second;
    return true;
  }

  void apply_options(Entry& entry) const {
    entry.mtime = request_.epoch;
    if (request_.owner) {
      entry.uid = request_.owner->uid;
      entry.gid = request_.owner->gid;
    }
    if (request_.mode && entry.type != EntryType::Symlink) {
      entry.mode = request_.mode->apply(entry.mode, entry.type == EntryType::Directory);
    }
  }

  template <class Content>
  Result<void> put(Entry entry, Content content) {
    if (entry.path.empty()) return fail(command(), request_.destination, "a file cannot become the root");
    if (last_part(entry.path).starts_with(kWhiteoutPrefix)) {
      return fail(command(), entry.path, "names that begin with .wh. cannot be in a layer");
    }
    apply_options(entry);
    files_.push_back({std::move(entry), std::move(content)});
    return {};
  }

  // Of two entries of one path the later counts. Folders above get the attributes they have in the image.
  Result<LayerFiles> finish() {
    FilesByPath by_path;
    for (LayerFile& file : files_) {
      std::string path = file.entry.path;
      by_path.insert_or_assign(std::move(path), std::move(file));
    }
    if (by_path.empty() && !top_.empty()) TRY(add_folder(by_path, top_));
    std::vector<std::string> paths;
    for (const auto& [path, file] : by_path) paths.push_back(path);
    for (const std::string& path : paths) TRY(add_parents(by_path, path));
    order_links(by_path);
    LayerFiles out;
    for (auto& [path, file] : by_path) out.push_back(std::move(file));
    return out;
  }

  Result<void> add_parents(FilesByPath& files, std::string_view path) const {
    for (path = parent(path); !path.empty(); path = parent(path)) {
      const auto there = files.find(std::string(path));
      if (there == files.end())
        TRY(add_folder(files, std::string(path)));
      else if (there->second.entry.type != EntryType::Directory) {
        return fail(command(), path, "it is copied as a file and as a folder");
      }
    }
    return {};
  }

  Result<void> add_folder(FilesByPath& files, const std::string& path) const {
    Entry folder;
    const auto known = tree_.find(path);
    if (known && known->type == EntryType::Directory) {
      folder = *known;
    } else if (known && request_.follow_destination) {
      return fail(command(), path, "it is no folder in the image");
    } else {
      folder.type = EntryType::Directory;
      folder.mode = kFolderMode;
      if (request_.owner) {
        folder.uid = request_.owner->uid;
        folder.gid = request_.owner->gid;
      }
    }
    folder.path = path;
    folder.mtime = request_.epoch;
    files.emplace(path, LayerFile{std::move(folder), std::monostate()});
    return {};
  }

  const CopyRequest& request_;
  const CopySource& source_;
  const ImageTree& tree_;
  std::string top_;    // the destination, links followed
  bool into_ = false;  // it is a folder
  LayerFiles files_;
  std::map<std::pair<uint64_t, uint64_t>, std::string> first_names_;
};

}  // namespace

Result<LayerFiles> copy_files(const CopyRequest& request, const CopySource& source, const ImageTree& destination) {
  return Copier(request, source, destination).run();
}

}  // namespace kontain::image::build
