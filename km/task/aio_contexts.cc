#include "km/task/aio_contexts.h"

#include <utility>

namespace kontain::task {
namespace {

uint64_t address_of(const iocb& copy) { return reinterpret_cast<uint64_t>(&copy); }

}  // namespace

AioRequest& AioContext::add(const iocb& copy, uint64_t original) {
  auto request = std::make_unique<AioRequest>(AioRequest{copy, original});
  AioRequest& kept = *request;
  const std::scoped_lock hold(lock_);
  requests_.emplace(address_of(kept.copy), std::move(request));
  return kept;
}

void AioContext::drop(const AioRequest& request) {
  const std::scoped_lock hold(lock_);
  requests_.erase(address_of(request.copy));
}

std::optional<io_event> AioContext::finish(const io_event& event) {
  const std::scoped_lock hold(lock_);
  const auto found = requests_.find(event.obj);
  if (found == requests_.end()) return std::nullopt;
  io_event given = event;
  given.obj = found->second->original;
  requests_.erase(found);
  return given;
}

iocb* AioContext::find(uint64_t original) {
  const std::scoped_lock hold(lock_);
  for (const auto& [address, request] : requests_) {
    if (request->original == original) return &request->copy;
  }
  return nullptr;
}

void AioContexts::add(uint64_t name, aio_context_t host) {
  const std::scoped_lock hold(lock_);
  contexts_.emplace(name, std::make_shared<AioContext>(host));
}

std::shared_ptr<AioContext> AioContexts::find(uint64_t name) {
  const std::scoped_lock hold(lock_);
  const auto found = contexts_.find(name);
  return found == contexts_.end() ? nullptr : found->second;
}

std::shared_ptr<AioContext> AioContexts::remove(uint64_t name) {
  const std::scoped_lock hold(lock_);
  auto node = contexts_.extract(name);
  return node.empty() ? nullptr : std::move(node.mapped());
}

}  // namespace kontain::task
