#include "imagebuild/transport/layout.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "imagebuild/oci/json.h"
#include "imagebuild/oci/reference.h"
#include "imagebuild/store/files.h"

namespace kontain::image {
namespace {

constexpr std::string_view kLayoutText = R"({"imageLayoutVersion":"1.0.0"})";
constexpr const char* kContainerdName = "io.containerd.image.name";

std::string ref_name(const Descriptor& descriptor) {
  const auto found = descriptor.annotations.find(std::string(kAnnotationRefName));
  return found == descriptor.annotations.end() ? "" : found->second;
}

// containerd's names are always complete: a name without registry is docker.io's.
std::string containerd_name(const std::string& name) {
  const auto reference = Reference::parse(name);
  if (!reference || !reference->registry.empty()) return name;
  const bool official = reference->repository.find('/') == std::string::npos;
  return std::string("docker.io/") + (official ? "library/" : "") + reference->text();
}

Result<void> copy_blob(const Store& store, const Descriptor& descriptor, int blobs) {
  const std::string& hex = descriptor.digest.hex();
  struct stat status{};
  const bool there = fstatat(blobs, hex.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (there && static_cast<uint64_t>(status.st_size) == descriptor.size) return {};
  TRY_ASSIGN(UniqueFd from, store.open_blob(descriptor));
  TRY_ASSIGN(const TemporaryFile file, make_temporary(blobs));
  FdSource source(std::move(from), hex);
  VerifyingSource verified(source, descriptor);
  FdSink sink(file.fd.get(), hex);
  auto copied = copy_all(verified, sink);
  if (copied && renameat(blobs, file.name.c_str(), blobs, hex.c_str()) != 0) copied = fail_errno("rename", hex, errno);
  if (copied) return {};
  unlinkat(blobs, file.name.c_str(), 0);
  return tl::make_unexpected(copied.error());
}

Result<void> update_index(int root, int blobs, const Descriptor& image, const std::string& name) {
  TRY_ASSIGN(const UniqueFd lock, lock_folder(root));
  TRY_ASSIGN(const auto text, read_file_at(root, "index.json", kLargestDocument));
  Index index;
  if (text) {
    TRY_ASSIGN(index, parse_index(*text));
  }
  std::erase_if(index.manifests, [&](const Descriptor& d) {
    return name.empty() ? d.digest == image.digest && ref_name(d).empty() : ref_name(d) == name;
  });
  index.manifests.push_back(index_entry(image, name));
  return replace_file_at(root, "index.json", blobs, to_text(index));
}

}  // namespace

Descriptor index_entry(const Descriptor& image, const std::string& name) {
  Descriptor entry = image;
  if (name.empty()) return entry;
  entry.annotations[std::string(kAnnotationRefName)] = name;
  entry.annotations[kContainerdName] = containerd_name(name);
  return entry;
}

Result<Descriptor> entry_of(const Index& index, const std::string& name, const std::string& where) {
  const Descriptor* found = nullptr;
  for (const Descriptor& descriptor : index.manifests) {
    if (!name.empty() && ref_name(descriptor) != name) continue;
    if (found && found->digest != descriptor.digest) return fail("image", where, "has several images: name one");
    found = &descriptor;
  }
  if (!found) return fail("image", where, name.empty() ? "has no image" : "has no image called " + name);
  Descriptor entry = *found;
  entry.annotations.clear();
  return entry;
}

Result<LayoutSource> LayoutSource::open(const std::string& directory) {
  const UniqueFd root(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail_errno("open", directory, errno);
  LayoutSource source;
  source.blobs_.reset(openat(root.get(), "blobs/sha256", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!source.blobs_) return fail_errno("open", directory + "/blobs/sha256", errno);
  TRY_ASSIGN(const auto text, read_file_at(root.get(), "index.json", kLargestDocument));
  if (!text) return fail("image", directory, "no index.json");
  TRY_ASSIGN(source.index_, parse_index(*text));
  return source;
}

Result<Descriptor> LayoutSource::resolve(const std::string& name) const { return entry_of(index_, name, "layout"); }

Result<void> LayoutSource::fetch(const Descriptor& descriptor, Sink& sink) {
  UniqueFd fd(openat(blobs_.get(), descriptor.digest.hex().c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return fail_errno("blob", descriptor.digest.text(), errno);
  struct stat status{};
  if (fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail("blob", descriptor.digest.text(), "not a regular file");
  }
  FdSource source(std::move(fd), descriptor.digest.text());
  TRY(copy_all(source, sink));
  return {};
}

Result<void> write_layout(const Store& store, const Descriptor& image, const std::string& directory,
                          const std::string& name) {
  TRY_ASSIGN(const std::vector<Descriptor> blobs, reachable(store, image));
  TRY_ASSIGN(const UniqueFd root, open_or_make_folder(AT_FDCWD, directory));
  TRY_ASSIGN(const UniqueFd folder, open_or_make_folder(root.get(), "blobs/sha256"));
  for (const Descriptor& descriptor : blobs) TRY(copy_blob(store, descriptor, folder.get()));
  TRY(replace_file_at(root.get(), "oci-layout", folder.get(), kLayoutText));
  return update_index(root.get(), folder.get(), image, name);
}

}  // namespace kontain::image
