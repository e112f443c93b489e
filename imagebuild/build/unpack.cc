#include "imagebuild/build/unpack.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "imagebuild/build/filter.h"
#include "imagebuild/tar/reader.h"

namespace kontain::image::build {
namespace {

constexpr size_t kHeader = 512;
constexpr size_t kChecksumOffset = 148, kChecksumLength = 8;

// POSIX.1-2001 pax, "ustar header": the sum of all bytes, with blanks in place of the sum.
bool is_tar_header(std::string_view block) {
  if (block.size() < kHeader || block[0] == '\0') return false;
  unsigned sum = 0, wanted = 0;
  for (size_t i = 0; i < kHeader; ++i) {
    const bool in_sum = i >= kChecksumOffset && i < kChecksumOffset + kChecksumLength;
    sum += in_sum ? ' ' : static_cast<unsigned char>(block[i]);
  }
  for (char c : block.substr(kChecksumOffset, kChecksumLength)) {
    if (c == ' ' || c == '\0') continue;
    if (c < '0' || c > '7') return false;
    wanted = wanted * 8 + static_cast<unsigned>(c - '0');
  }
  return sum == wanted;
}

// Files too large for memory, one behind the other.
class Spool {
 public:
  static Result<std::shared_ptr<Spool>> create() {
    const auto spool = std::make_shared<Spool>();
    spool->fd_.reset(open_unnamed());
    if (!spool->fd_) return fail_errno("temporary file", "", errno);
    return spool;
  }
  // The offset that the content begins at.
  Result<uint64_t> add(Source& content) {
    const uint64_t start = end_;
    FdSink sink(fd_.get(), "temporary file");
    TRY_ASSIGN(const uint64_t size, copy_all(content, sink));
    end_ += size;
    return start;
  }
  // A file of these bytes only.
  Result<UniqueFd> open(uint64_t offset, uint64_t size) const {
    UniqueFd out(open_unnamed());
    if (!out) return fail_errno("temporary file", "", errno);
    auto from = static_cast<off_t>(offset);
    while (size > 0) {
      const ssize_t copied = copy_file_range(fd_.get(), &from, out.get(), nullptr, size, 0);
      if (copied <= 0) return fail_errno("temporary file", "copy_file_range", copied == 0 ? EIO : errno);
      size -= static_cast<uint64_t>(copied);
    }
    lseek(out.get(), 0, SEEK_SET);
    return out;
  }

 private:
  static int open_unnamed() {
    const char* folder = getenv("TMPDIR");
    return ::open(folder && *folder ? folder : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  }
  UniqueFd fd_;
  uint64_t end_ = 0;
};

Result<LayerFiles> read_entries(Source& plain, const std::string& name, int64_t mtime) {
  TRY_ASSIGN(TarReader reader, TarReader::create(plain));
  TRY_ASSIGN(const auto spool, Spool::create());
  LayerFiles files;
  for (;;) {
    TRY_ASSIGN(auto entry, reader.next());
    if (!entry) return files;
    const auto path = normal_path(entry->path);
    if (!path) return fail(name, entry->path, "a path that leads outside");
    if (path->empty()) continue;
    LayerFile file{std::move(*entry), std::monostate()};
    file.entry.path = *path;
    file.entry.mtime = mtime;
    if (file.entry.type == EntryType::Hardlink) {
      const auto target = normal_path(file.entry.link_target);
      if (!target) return fail(name, file.entry.link_target, "a hard link that leads outside");
      file.entry.link_target = *target;
    }
    if (file.entry.type == EntryType::File) {
      const uint64_t size = file.entry.size;
      TRY_ASSIGN(const uint64_t offset, spool->add(reader.content()));
      file.content = OpenedFile{[spool, offset, size] { return spool->open(offset, size); }, name + ":" + *path};
    }
    files.push_back(std::move(file));
  }
}

}  // namespace

Result<std::optional<LayerFiles>> unpack_archive(UniqueFd fd, const std::string& name, int64_t mtime) {
  UniqueFd again(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  auto probe = open_filtered(std::move(again), name);
  if (!probe) return std::nullopt;
  std::string block(kHeader, '\0');
  size_t have = 0;
  while (have < kHeader) {
    const auto count = (*probe)->read(std::span(block.data() + have, kHeader - have));
    if (!count) return std::nullopt;
    if (*count == 0) break;
    have += *count;
  }
  if (!is_tar_header(std::string_view(block).substr(0, have))) return std::nullopt;
  if (lseek(fd.get(), 0, SEEK_SET) != 0) return fail_errno(name, "seek", errno);
  TRY_ASSIGN(const auto plain, open_filtered(std::move(fd), name));
  TRY_ASSIGN(LayerFiles files, read_entries(*plain, name, mtime));
  return files;
}

}  // namespace kontain::image::build
