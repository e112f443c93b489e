// Where bytes come from and go to.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/unique_fd.h"

namespace kontain::image {

// Bytes in order. read() gives at least one byte, or 0 at the end.
class Source {
 public:
  virtual ~Source() = default;
  virtual Result<size_t> read(std::span<char> buffer) = 0;
};

class Sink {
 public:
  virtual ~Sink() = default;
  virtual Result<void> write(std::string_view bytes) = 0;
};

// Reads a descriptor; owns it. `name` is for errors.
class FdSource final : public Source {
 public:
  FdSource(UniqueFd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}
  Result<size_t> read(std::span<char> buffer) override;
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
  std::string name_;
};

class StringSource final : public Source {
 public:
  explicit StringSource(std::string_view bytes) : rest_(bytes) {}
  Result<size_t> read(std::span<char> buffer) override;

 private:
  std::string_view rest_;
};

class StringSink final : public Sink {
 public:
  Result<void> write(std::string_view bytes) override {
    text_ += bytes;
    return {};
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Writes to a descriptor, which it does not own. `name` is for errors.
class FdSink final : public Sink {
 public:
  FdSink(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  Result<void> write(std::string_view bytes) override;

 private:
  int fd_;
  std::string name_;
};

// All of `source`, refused above `limit` bytes.
Result<std::string> read_all(Source& source, size_t limit, std::string_view name);
// Everything from `source` to `sink`; the number of bytes.
Result<uint64_t> copy_all(Source& source, Sink& sink);

}  // namespace kontain::image
