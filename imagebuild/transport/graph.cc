#include "imagebuild/transport/graph.h"

#include <set>

namespace kontain::image {
namespace {

constexpr int kDeepest = 4;             // an index of indexes of …
constexpr size_t kMostChildren = 4096;  // of one document

Result<std::vector<Descriptor>> children_of(std::string_view text, MediaKind kind) {
  std::vector<Descriptor> children;
  if (kind == MediaKind::Manifest) {
    TRY_ASSIGN(Manifest manifest, parse_manifest(text));
    children = std::move(manifest.layers);
    children.push_back(manifest.config);
  } else if (kind == MediaKind::Index) {
    TRY_ASSIGN(Index index, parse_index(text));
    children = std::move(index.manifests);
  }
  if (children.size() > kMostChildren) return fail("image", "", "refers to more than 4096 blobs");
  return children;
}

// Refuses bytes beyond the descriptor's size.
class LimitedSink final : public Sink {
 public:
  LimitedSink(Sink& next, const Descriptor& descriptor) : next_(next), descriptor_(descriptor) {}
  Result<void> write(std::string_view bytes) override {
    size_ += bytes.size();
    if (size_ <= descriptor_.size) return next_.write(bytes);
    return fail("blob", descriptor_.digest.text(), "has more than " + std::to_string(descriptor_.size) + " bytes");
  }

 private:
  Sink& next_;
  const Descriptor& descriptor_;
  uint64_t size_ = 0;
};

class GraphCopy {
 public:
  GraphCopy(BlobSource& from, const Store& store, Platforms platforms, const CopyProgress& progress)
      : from_(from), store_(store), platforms_(platforms), progress_(progress) {}

  Result<Descriptor> run(const Descriptor& root, int depth = 0) {
    if (depth > kDeepest) return fail("image", root.digest.text(), "indexes within indexes");
    const MediaKind kind = media_type(root.media_type).kind;
    if (kind != MediaKind::Manifest && kind != MediaKind::Index) {
      TRY(copy_blob(root));
      return root;
    }
    TRY_ASSIGN(const std::string text, document(root));
    TRY_ASSIGN(const std::vector<Descriptor> children, children_of(text, kind));
    if (kind == MediaKind::Index && platforms_ == Platforms::ThisOne) return run_one(root, children, depth);
    for (const Descriptor& child : children) TRY(run(child, depth + 1));
    TRY(store_.put(root.media_type, text));
    return root;
  }

 private:
  Result<Descriptor> run_one(const Descriptor& root, const std::vector<Descriptor>& children, int depth) {
    for (const Descriptor& child : children) {
      const bool fits = !child.platform || (child.platform->os == "linux" && child.platform->architecture == "amd64");
      if (!fits) continue;
      TRY_ASSIGN(Descriptor found, run(child, depth + 1));
      found.platform.reset();
      return found;
    }
    return fail("image index", root.digest.text(), "no image for linux/amd64");
  }

  Result<std::string> document(const Descriptor& descriptor) {
    if (descriptor.size > kLargestDocumentBytes) return fail("image", descriptor.digest.text(), "larger than 4 MiB");
    if (store_.has(descriptor.digest)) return store_.read_blob(descriptor);
    StringSink text;
    LimitedSink limited(text, descriptor);
    TRY(from_.fetch(descriptor, limited));
    if (Digest::of(text.text()) == descriptor.digest) return text.text();
    return fail("blob", descriptor.digest.text(), "damaged: its digest is " + Digest::of(text.text()).text());
  }

  Result<void> copy_blob(const Descriptor& descriptor) {
    if (store_.has(descriptor.digest)) {
      TRY(store_.open_blob(descriptor));  // its size is checked
      return {};
    }
    if (progress_) progress_(descriptor, false);
    TRY_ASSIGN(BlobWriter writer, store_.new_blob());
    LimitedSink limited(writer, descriptor);
    TRY(from_.fetch(descriptor, limited));
    TRY(writer.commit(descriptor.media_type, &descriptor));
    if (progress_) progress_(descriptor, true);
    return {};
  }

  static constexpr size_t kLargestDocumentBytes = size_t{4} << 20;
  BlobSource& from_;
  const Store& store_;
  Platforms platforms_;
  const CopyProgress& progress_;
};

Result<void> reach(const Store& store, const Descriptor& root, int depth, std::set<std::string>& seen,
                   std::vector<Descriptor>& found) {
  if (depth > kDeepest) return fail("image", root.digest.text(), "indexes within indexes");
  if (!seen.insert(root.digest.hex()).second) return {};
  const MediaKind kind = media_type(root.media_type).kind;
  if (kind == MediaKind::Manifest || kind == MediaKind::Index) {
    TRY_ASSIGN(const std::string text, store.read_blob(root));
    TRY_ASSIGN(const std::vector<Descriptor> children, children_of(text, kind));
    for (const Descriptor& child : children) {
      if (kind == MediaKind::Index && !store.has(child.digest)) continue;
      TRY(reach(store, child, depth + 1, seen, found));
    }
  } else {
    TRY(store.open_blob(root));
  }
  found.push_back(root);
  return {};
}

}  // namespace

Result<Descriptor> copy_into_store(BlobSource& from, const Store& store, const Descriptor& root, Platforms platforms,
                                   const CopyProgress& progress) {
  return GraphCopy(from, store, platforms, progress).run(root);
}

Result<std::vector<Descriptor>> reachable(const Store& store, const Descriptor& root) {
  std::set<std::string> seen;
  std::vector<Descriptor> found;
  TRY(reach(store, root, 0, seen, found));
  return found;
}

}  // namespace kontain::image
