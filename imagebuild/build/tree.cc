#include "imagebuild/build/tree.h"

#include <vector>

#include "base/text.h"
#include "imagebuild/layer/compress.h"
#include "imagebuild/tar/reader.h"

namespace kontain::image::build {
namespace {

constexpr size_t kMaxLinks = 40;           // as the kernel follows
constexpr size_t kMaxUserFile = 4u << 20;  // bytes of /etc/passwd
constexpr std::string_view kPasswd = "etc/passwd";
constexpr std::string_view kGroup = "etc/group";

bool is_user_file(std::string_view path) { return path == kPasswd || path == kGroup; }

std::string join(std::string_view folder, std::string_view name) {
  return folder.empty() ? std::string(name) : std::string(folder) + "/" + std::string(name);
}

// Pushes the components of `path` so that the first is taken first.
void push_components(std::vector<std::string>& stack, std::string_view path) {
  std::vector<std::string> parts = split(path, '/');
  stack.insert(stack.end(), std::make_move_iterator(parts.rbegin()), std::make_move_iterator(parts.rend()));
}

Result<std::string> content_text(const LayerFile& file) {
  TRY_ASSIGN(const auto content, open_content(file));
  return read_all(*content, kMaxUserFile, file.entry.path);
}

}  // namespace

void ImageTree::remove_below(const std::string& path) {
  const std::string first = path.empty() ? "" : path + "/";
  std::string last = first;
  if (!last.empty()) last.back() = '/' + 1;
  items_.erase(items_.lower_bound(first), path.empty() ? items_.end() : items_.lower_bound(last));
}

void ImageTree::remove(const std::string& path) {
  remove_below(path);
  items_.erase(path);
}

// A folder stays what it is when a folder comes, with what is in it; everything else replaces what is there.
void ImageTree::put(const Entry& entry, std::string text) {
  if (entry.type != EntryType::Directory) remove_below(entry.path);
  items_[entry.path] = {entry, std::move(text)};
}

bool ImageTree::whiteout(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash);
  const std::string name = path.substr(slash == std::string::npos ? 0 : slash + 1);
  if (name == kOpaqueWhiteout) {
    remove_below(folder);
    return true;
  }
  if (!name.starts_with(kWhiteoutPrefix)) return false;
  remove(join(folder, std::string_view(name).substr(kWhiteoutPrefix.size())));
  return true;
}

// What a layer removes is what lies below it, wherever in the tar the whiteout stands.
Result<void> ImageTree::apply(Source& layer) {
  TRY_ASSIGN(const auto plain, make_decompressor(layer));
  TRY_ASSIGN(TarReader reader, TarReader::create(*plain));
  std::vector<Item> added;
  for (;;) {
    TRY_ASSIGN(auto entry, reader.next());
    if (!entry) break;
    const auto path = normal_path(entry->path);
    if (!path) return fail("layer", entry->path, "a path that leads outside");
    if (path->empty() || whiteout(*path)) continue;
    entry->path = *path;
    std::string text;
    if (is_user_file(*path) && entry->type == EntryType::File) {
      TRY_ASSIGN(text, read_all(reader.content(), kMaxUserFile, *path));
    }
    added.push_back({std::move(*entry), std::move(text)});
  }
  for (Item& item : added) put(item.entry, std::move(item.text));
  return {};
}

Result<void> ImageTree::apply(const LayerFiles& files) {
  for (const LayerFile& file : files) static_cast<void>(whiteout(file.entry.path));
  for (const LayerFile& file : files) {
    const size_t slash = file.entry.path.rfind('/');
    const std::string_view name = std::string_view(file.entry.path).substr(slash == std::string::npos ? 0 : slash + 1);
    if (file.entry.path.empty() || name.starts_with(kWhiteoutPrefix)) continue;
    std::string text;
    if (is_user_file(file.entry.path)) {
      TRY_ASSIGN(text, content_text(file));
    }
    put(file.entry, std::move(text));
  }
  return {};
}

std::optional<Entry> ImageTree::find(const std::string& path) const {
  const auto found = items_.find(path);
  if (found != items_.end()) return found->second.entry;
  const auto below = items_.lower_bound(path.empty() ? "" : path + "/");
  // Layers need not have entries for the folders of their files.
  const bool implied = below != items_.end() && below->first.starts_with(path + "/");
  if (!implied && !path.empty()) return std::nullopt;
  Entry folder;
  folder.path = path;
  folder.type = EntryType::Directory;
  folder.mode = 0755;
  return folder;
}

Result<std::string> ImageTree::resolve(std::string_view path) const {
  std::vector<std::string> stack;
  push_components(stack, path);
  std::string done;
  size_t links = 0;
  while (!stack.empty()) {
    const std::string part = std::move(stack.back());
    stack.pop_back();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      done.resize(done.rfind('/') == std::string::npos ? 0 : done.rfind('/'));
      continue;
    }
    const std::string next = join(done, part);
    const auto item = items_.find(next);
    if (item == items_.end() || item->second.entry.type != EntryType::Symlink) {
      done = next;
      continue;
    }
    if (++links > kMaxLinks) return fail("image", path, "too many symbolic links");
    if (item->second.entry.link_target.starts_with('/')) done.clear();
    push_components(stack, item->second.entry.link_target);
  }
  return done;
}

Result<bool> ImageTree::is_folder(std::string_view path) const {
  TRY_ASSIGN(const std::string real, resolve(path));
  const auto entry = find(real);
  return entry && entry->type == EntryType::Directory;
}

UserFiles ImageTree::users() const {
  const auto text = [&](std::string_view path) {
    const auto real = resolve(path);
    const auto found = real ? items_.find(*real) : items_.end();
    return found == items_.end() ? std::string() : found->second.text;
  };
  return {text(kPasswd), text(kGroup)};
}

}  // namespace kontain::image::build
