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

// Files too large for memory, one behind the other in an unnamed file.
class Spool {
 public:
  static Result<Spool> create() {
    const char* folder = getenv("TMPDIR");
    UniqueFd fd(open(folder && *folder ? folder : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!fd) return fail_errno("temporary file", "", errno);
    return Spool(std::make_shared<const UniqueFd>(std::move(fd)));
  }
  Result<FilePart> add(Source& content, std::string name) {
    FdSink sink(fd_->get(), "temporary file");
    TRY_ASSIGN(const uint64_t size, copy_all(content, sink));
    end_ += size;
    return FilePart{fd_, end_ - size, size, std::move(name)};
  }

 private:
  explicit Spool(std::shared_ptr<const UniqueFd> fd) : fd_(std::move(fd)) {}
  std::shared_ptr<const UniqueFd> fd_;
  uint64_t end_ = 0;
};

Result<LayerFiles> read_entries(Source& plain, const std::string& name, int64_t mtime) {
  TRY_ASSIGN(TarReader reader, TarReader::create(plain));
  TRY_ASSIGN(Spool spool, Spool::create());
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
      TRY_ASSIGN(file.content, spool.add(reader.content(), name + ":" + *path));
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
