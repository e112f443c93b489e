#include "imagebuild/tar/stream.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

namespace kontain::image {

Result<size_t> FdSource::read(std::span<char> buffer) {
  for (;;) {
    const ssize_t count = ::read(fd_.get(), buffer.data(), buffer.size());
    if (count >= 0) return static_cast<size_t>(count);
    if (errno != EINTR) return fail_errno("read", name_, errno);
  }
}

Result<size_t> StringSource::read(std::span<char> buffer) {
  const size_t count = std::min(buffer.size(), rest_.size());
  memcpy(buffer.data(), rest_.data(), count);
  rest_.remove_prefix(count);
  return count;
}

Result<void> FdSink::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("write", name_, errno);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

Result<std::string> read_all(Source& source, size_t limit, std::string_view name) {
  std::string all;
  std::vector<char> buffer(size_t{64} << 10);
  for (;;) {
    TRY_ASSIGN(const size_t count, source.read(buffer));
    if (count == 0) return all;
    if (count > limit - all.size()) return fail(name, "", "larger than " + std::to_string(limit) + " bytes");
    all.append(buffer.data(), count);
  }
}

Result<uint64_t> copy_all(Source& source, Sink& sink) {
  constexpr size_t kBuffer = size_t{256} << 10;
  uint64_t total = 0;
  const auto buffer =
      std::make_unique_for_overwrite<char[]>(kBuffer);  // most files are much smaller: no zeros for them
  for (;;) {
    TRY_ASSIGN(const size_t count, source.read(std::span(buffer.get(), kBuffer)));
    if (count == 0) return total;
    TRY(sink.write({buffer.get(), count}));
    total += count;
  }
}

}  // namespace kontain::image
