#include "imagebuild/layer/layer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "imagebuild/oci/parallel_hasher.h"
#include "imagebuild/tar/writer.h"

namespace kontain::image {
namespace {

// Hashes and counts what goes through.
class HashingSink final : public Sink {
 public:
  explicit HashingSink(Sink& next) : next_(next) {}
  Result<void> write(std::string_view bytes) override {
    hasher_.update(bytes);
    size_ += bytes.size();
    return next_.write(bytes);
  }
  LayerContent content() { return {hasher_.digest(), size_}; }

 private:
  Sink& next_;
  ParallelHasher hasher_;
  uint64_t size_ = 0;
};

Result<UniqueFd> open_regular(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) return fail_errno("open", path, errno);
  return fd;
}

class PartSource final : public Source {
 public:
  explicit PartSource(const FilePart& part) : part_(part) {}
  Result<size_t> read(std::span<char> buffer) override {
    const size_t wanted = std::min<uint64_t>(buffer.size(), part_.size - done_);
    for (;;) {
      const ssize_t count = pread(part_.fd->get(), buffer.data(), wanted, static_cast<off_t>(part_.offset + done_));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return fail_errno("read", part_.name, errno);
      done_ += static_cast<uint64_t>(count);
      return static_cast<size_t>(count);
    }
  }

 private:
  const FilePart& part_;
  uint64_t done_ = 0;
};

struct Content {
  std::unique_ptr<Source> source;
  uint64_t size = 0;
};

Result<Content> open_file(UniqueFd fd, const std::string& name) {
  struct stat status{};
  if (fstat(fd.get(), &status) != 0) return fail_errno("stat", name, errno);
  if (!S_ISREG(status.st_mode)) return fail("layer", name, "not a regular file any more");
  posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return Content{std::make_unique<FdSource>(std::move(fd), name), static_cast<uint64_t>(status.st_size)};
}

Result<Content> open_sized(const LayerFile& file) {
  if (const auto* host = std::get_if<HostFile>(&file.content)) {
    TRY_ASSIGN(UniqueFd fd, open_regular(host->path));
    return open_file(std::move(fd), host->path);
  }
  if (const auto* opened = std::get_if<OpenedFile>(&file.content)) {
    TRY_ASSIGN(UniqueFd fd, opened->open());
    return open_file(std::move(fd), opened->name);
  }
  if (const auto* part = std::get_if<FilePart>(&file.content))
    return Content{std::make_unique<PartSource>(*part), part->size};
  const auto* bytes = std::get_if<std::string>(&file.content);
  const std::string_view text = bytes ? std::string_view(*bytes) : std::string_view();
  return Content{std::make_unique<StringSource>(text), text.size()};
}

Result<void> add_file(TarWriter& tar, const LayerFile& file) {
  if (file.entry.type != EntryType::File) return tar.add(file.entry);
  TRY_ASSIGN(const Content content, open_sized(file));
  Entry entry = file.entry;
  entry.size = content.size;
  return tar.add(entry, content.source.get());
}

}  // namespace

Result<std::unique_ptr<Source>> open_content(const LayerFile& file) {
  TRY_ASSIGN(Content content, open_sized(file));
  return std::move(content.source);
}

Result<LayerContent> write_layer(const LayerFiles& files, const CompressOptions& options, Sink& sink) {
  TRY_ASSIGN(const std::unique_ptr<Compressor> compressor, make_compressor(sink, options));
  HashingSink hashing(*compressor);
  TRY_ASSIGN(TarWriter tar, TarWriter::create(hashing));
  for (const LayerFile& file : files) TRY(add_file(tar, file));
  TRY(tar.finish());
  TRY(compressor->finish());
  return hashing.content();
}

}  // namespace kontain::image
