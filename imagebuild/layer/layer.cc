#include "imagebuild/layer/layer.h"

#include <fcntl.h>
#include <sys/stat.h>

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

Result<void> add_open_file(TarWriter& tar, UniqueFd fd, const std::string& name, Entry entry) {
  struct stat status{};
  if (fstat(fd.get(), &status) != 0) return fail_errno("stat", name, errno);
  if (!S_ISREG(status.st_mode)) return fail("layer", name, "not a regular file any more");
  posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  entry.size = static_cast<uint64_t>(status.st_size);
  FdSource content(std::move(fd), name);
  return tar.add(entry, &content);
}

Result<void> add_file(TarWriter& tar, const LayerFile& file) {
  if (file.entry.type != EntryType::File) return tar.add(file.entry);
  if (const auto* host = std::get_if<HostFile>(&file.content)) {
    TRY_ASSIGN(UniqueFd fd, open_regular(host->path));
    return add_open_file(tar, std::move(fd), host->path, file.entry);
  }
  if (const auto* opened = std::get_if<OpenedFile>(&file.content)) {
    TRY_ASSIGN(UniqueFd fd, opened->open());
    return add_open_file(tar, std::move(fd), opened->name, file.entry);
  }
  const auto* bytes = std::get_if<std::string>(&file.content);
  Entry entry = file.entry;
  StringSource content(bytes ? std::string_view(*bytes) : std::string_view());
  entry.size = bytes ? bytes->size() : 0;
  return tar.add(entry, &content);
}

}  // namespace

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
