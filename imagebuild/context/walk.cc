#include "base/text.h"
#include "imagebuild/context/folder.h"

namespace kontain::image::context {
namespace {

std::string join(std::string_view folder, std::string_view name) {
  return folder.empty() ? std::string(name) : std::string(folder) + "/" + std::string(name);
}

// What of `path` is behind `base`.
std::string_view relative(std::string_view path, std::string_view base) {
  if (base.empty()) return path;
  return path.size() > base.size() ? path.substr(base.size() + 1) : std::string_view();
}

class Walker {
 public:
  Walker(const Folder& folder, const IgnoreList& ignore, std::string_view ignore_base)
      : folder_(folder), ignore_(ignore), base_(ignore_base) {}

  Result<std::vector<Node>> walk(std::string_view path) {
    TRY_ASSIGN(std::optional<Node> top, folder_.stat(path, Links::Keep));
    if (!top) return fail(folder_.host_path(), path, "no such file or directory");
    TRY(visit(std::move(*top), 0));
    return std::move(found_);
  }

 private:
  Result<void> visit(Node node, size_t depth) {
    if (node.socket) return {};
    const std::string_view seen_as = relative(node.path, base_);
    const bool ignored = !seen_as.empty() && ignore_.ignores(seen_as);
    if (ignored && (node.type != EntryType::Directory || !ignore_.has_exceptions())) return {};
    if (found_.size() >= kMaxNodes) return fail(folder_.host_path(), "", "too many files");
    const size_t place = found_.size();
    const bool folder = node.type == EntryType::Directory;
    const std::string path = node.path;
    found_.push_back(std::move(node));
    if (folder) TRY(descend(path, depth + 1));
    // An ignored folder is there only for what is taken in again.
    if (ignored && found_.size() == place + 1) found_.pop_back();
    return {};
  }

  Result<void> descend(const std::string& path, size_t depth) {
    if (depth > kMaxDepth) return fail(folder_.host_path(), path.substr(0, 200), "too many folders inside each other");
    TRY_ASSIGN(const std::vector<std::string> names, folder_.list(path));
    for (const std::string& name : names) {
      TRY_ASSIGN(std::optional<Node> node, folder_.stat(join(path, name), Links::Keep));
      if (node) TRY(visit(std::move(*node), depth));
    }
    return {};
  }

  const Folder& folder_;
  const IgnoreList& ignore_;
  std::string_view base_;
  std::vector<Node> found_;
};

// Paths that match the components from `at` on, below `path`.
Result<void> expand(const Folder& folder, const std::string& path, const std::vector<std::string>& parts, size_t at,
                    std::vector<std::string>& found) {
  if (at == parts.size()) {
    found.push_back(path);
    return {};
  }
  if (!has_wildcard(parts[at])) {
    TRY_ASSIGN(const auto node, folder.stat(join(path, parts[at]), Links::Keep));
    return node ? expand(folder, join(path, parts[at]), parts, at + 1, found) : Result<void>();
  }
  TRY_ASSIGN(const Glob glob, Glob::compile(parts[at], Stars::Name));
  TRY_ASSIGN(const auto here, folder.stat(path, Links::Follow));
  if (!here || here->type != EntryType::Directory) return {};
  TRY_ASSIGN(const std::vector<std::string> names, folder.list(path));
  for (const std::string& name : names) {
    if (glob.matches(name)) TRY(expand(folder, join(path, name), parts, at + 1, found));
    if (found.size() > kMaxNodes) return fail(folder.host_path(), "", "too many files");
  }
  return {};
}

}  // namespace

Result<std::vector<Node>> walk(const Folder& folder, std::string_view path, const IgnoreList& ignore,
                               std::string_view ignore_base) {
  return Walker(folder, ignore, ignore_base).walk(path);
}

Result<std::vector<std::string>> expand_pattern(const Folder& folder, std::string_view pattern) {
  const std::string clean = clean_path(pattern);
  if (!has_wildcard(clean)) return std::vector<std::string>{clean};
  std::vector<std::string> found;
  TRY(expand(folder, "", split(clean, '/'), 0, found));
  return found;
}

}  // namespace kontain::image::context
