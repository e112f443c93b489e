// What a process has of asynchronous I/O (io_setup(2)): the host's contexts, by the payload's names for them, and what
// of each request the host does not keep for us.
//
// The host gets copies of requests that nobody can change once they are checked, and says of a finished one where its
// copy was. The payload expects the address and the word that it gave.
#pragma once

#include <linux/aio_abi.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace kontain::task {

// A request that the host has, or had until its event is fetched.
struct AioRequest {
  iocb copy{};            // stays where it is
  uint64_t original = 0;  // the payload's iocb
};

class AioContext {
 public:
  explicit AioContext(aio_context_t host) : host_(host) {}
  aio_context_t host() const { return host_; }

  // Keeps `copy` until drop() or finish().
  AioRequest& add(const iocb& copy, uint64_t original);
  void drop(const AioRequest& request);
  // The payload's form of an event of the host's; nothing for one that is of no request here.
  std::optional<io_event> finish(const io_event& event);
  // The copy of a request that is not finished.
  iocb* find(uint64_t original);

 private:
  const aio_context_t host_;
  std::mutex lock_;
  std::map<uint64_t, std::unique_ptr<AioRequest>> requests_;  // by the address of `copy`
};

class AioContexts {
 public:
  // None has that name.
  void add(uint64_t name, aio_context_t host);
  std::shared_ptr<AioContext> find(uint64_t name);
  // It is gone from here; nullptr: there was none.
  std::shared_ptr<AioContext> remove(uint64_t name);

 private:
  std::mutex lock_;
  std::map<uint64_t, std::shared_ptr<AioContext>> contexts_;
};

}  // namespace kontain::task
