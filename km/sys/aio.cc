#include "km/sys/aio.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "km/sys/forward.h"
#include "km/sys/random.h"
#include "km/sys/signals.h"
#include "km/task/aio_contexts.h"

namespace kontain::sys {
namespace {

using task::AioContext;

// More events than this no call gives, nor waits for.
constexpr int64_t kMostEvents = 65536;  // as many requests as a host has by default (fs.aio-max-nr)

// Checks what of a request names memory and descriptors, and makes it the host's. The vector is what `request` then
// points to, for as long as the host reads it, which is while it is submitted.
GuestResult<std::vector<iovec>> check(Task& task, iocb& request) {
  const PayloadFd file(payload_number(task, static_cast<int>(request.aio_fildes)));
  if (is_seeded_device(task, file)) return tl::make_unexpected(Errno{EINVAL});  // its bytes would be the host's
  request.aio_fildes = static_cast<uint32_t>(file.number());
  if (request.aio_flags & IOCB_FLAG_RESFD) {
    request.aio_resfd = static_cast<uint32_t>(payload_number(task, static_cast<int>(request.aio_resfd)));
  }
  std::vector<iovec> vector;
  switch (request.aio_lio_opcode) {
    case IOCB_CMD_PREAD:
    case IOCB_CMD_PWRITE:
      // NULL is an address, which the host finds to be none when it moves bytes.
      if (!mem::in_guest(request.aio_buf, request.aio_nbytes)) request.aio_buf = 0;
      return vector;
    case IOCB_CMD_PREADV:
    case IOCB_CMD_PWRITEV: {
      auto copy = mem::load_iovecs(GuestPtr<const iovec>(request.aio_buf), request.aio_nbytes);
      if (copy) request.aio_buf = reinterpret_cast<uint64_t>(copy->data());
      return copy;
    }
    case IOCB_CMD_FSYNC:
    case IOCB_CMD_FDSYNC:
    case IOCB_CMD_POLL: return vector;
    default: return tl::make_unexpected(Errno{EINVAL});  // one that the host may know, and we do not
  }
}

SysResult submit(Task& task, AioContext& context, GuestPtr<const uint64_t> entry) {
  GUEST_TRY_ASSIGN(const uint64_t original, mem::load(entry));
  GUEST_TRY_ASSIGN(iocb copy, mem::load(GuestPtr<const iocb>(original)));
  GUEST_TRY_ASSIGN(const std::vector<iovec> vector, check(task, copy));
  // The host marks requests that it knows, for io_cancel(2).
  if (!mem::store(GuestPtr<uint32_t>(original + offsetof(iocb, aio_key)), uint32_t{0})) return Errno{EFAULT};
  task::AioRequest& request = context.add(copy, original);
  iocb* list = &request.copy;
  const SysResult submitted = host(SYS_io_submit, context.host(), 1, &list);
  if (submitted.raw() != 1) context.drop(request);
  return submitted;
}

SysResult give_events(AioContext& context, std::vector<io_event>& found, int64_t count, GuestPtr<io_event> events) {
  std::vector<io_event> given;
  for (int64_t i = 0; i < count; ++i) {
    if (const auto event = context.finish(found[static_cast<size_t>(i)])) given.push_back(*event);
  }
  if (!mem::copy_out(events.address(), given.data(), given.size() * sizeof(io_event))) return Errno{EFAULT};
  return SysResult::value(static_cast<int64_t>(given.size()));
}

// io_getevents(2), by the host's `call`: what is between the events and the end of its arguments is the caller's.
template <class Call>
SysResult events_of(Task& task, uint64_t name, int64_t least, int64_t most, GuestPtr<io_event> events, Call&& call) {
  const auto context = task.process().aio().find(name);
  if (!context || least < 0 || most < least) return Errno{EINVAL};
  std::vector<io_event> found(static_cast<size_t>(std::min(most, kMostEvents)));
  const SysResult result = call(context->host(), std::min(least, kMostEvents), found);
  return result.raw() <= 0 ? result : give_events(*context, found, result.raw(), events);
}

}  // namespace

SysResult sys_io_setup(Task& task, unsigned events, GuestPtr<uint64_t> name) {
  GUEST_TRY_ASSIGN(const uint64_t before, mem::load(name));
  if (before != 0 || events == 0) return Errno{EINVAL};
  aio_context_t context = 0;
  if (const SysResult made = host(SYS_io_setup, events, &context); made.is_error()) return made;
  const auto page = task.memory().map({0, kPageSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0});
  if (!page) {
    host(SYS_io_destroy, context);
    return page.error();
  }
  // The payload may have unmapped the page of an older one, which nobody can name any more.
  if (const auto stale = task.process().aio().remove(*page)) host(SYS_io_destroy, stale->host());
  task.process().aio().add(*page, context);
  if (mem::store(name, *page)) return SysResult::ok();
  sys_io_destroy(task, *page);
  return Errno{EFAULT};
}

SysResult sys_io_destroy(Task& task, uint64_t name) {
  const auto context = task.process().aio().remove(name);
  if (!context) return Errno{EINVAL};
  const SysResult destroyed = host(SYS_io_destroy, context->host());
  static_cast<void>(task.memory().unmap(name, kPageSize));
  return destroyed;
}

SysResult sys_io_submit(Task& task, uint64_t name, int64_t count, GuestPtr<const uint64_t> requests) {
  const auto context = task.process().aio().find(name);
  if (count < 0 || !context) return Errno{EINVAL};
  for (int64_t i = 0; i < count; ++i) {
    const SysResult one = submit(task, *context, requests.element(static_cast<size_t>(i)));
    if (one.raw() != 1) return i > 0 ? SysResult::value(i) : one;
  }
  return SysResult::value(count);
}

SysResult sys_io_cancel(Task& task, uint64_t name, GuestPtr<iocb> request, GuestPtr<io_event>) {
  GUEST_TRY_ASSIGN(const iocb original, mem::load(request));
  const auto context = task.process().aio().find(name);
  if (original.aio_key != 0 || !context) return Errno{EINVAL};
  iocb* copy = context->find(request.address());
  if (!copy) return Errno{EINVAL};
  io_event unused{};  // the event is fetched like others (Linux 4.18)
  return host(SYS_io_cancel, context->host(), copy, &unused);
}

SysResult sys_io_getevents(Task& task, uint64_t name, int64_t least, int64_t most, GuestPtr<io_event> events,
                           GuestPtr<const timespec> timeout) {
  GUEST_TRY_ASSIGN(std::optional<timespec> time, load_optional(timeout));
  return events_of(task, name, least, most, events,
                   [&](aio_context_t context, int64_t from, std::vector<io_event>& to) {
                     return host(SYS_io_getevents, context, from, to.size(), to.data(), pointer_or_null(time));
                   });
}

SysResult sys_io_pgetevents(Task& task, uint64_t name, int64_t least, int64_t most, GuestPtr<io_event> events,
                            GuestPtr<const timespec> timeout, GuestPtr<const AioSigset> mask) {
  GUEST_TRY_ASSIGN(std::optional<timespec> time, load_optional(timeout));
  GUEST_TRY_ASSIGN(const std::optional<AioSigset> given, load_optional(mask));
  const AioSigset set = given.value_or(AioSigset{});
  GUEST_TRY_ASSIGN(const auto wanted, load_mask(GuestPtr<const uint64_t>(set.mask), set.size));
  const SleepMask sleep(task, wanted);
  const AioSigset host_set{reinterpret_cast<uint64_t>(sleep.pointer()), sleep.size()};
  return events_of(
      task, name, least, most, events, [&](aio_context_t context, int64_t from, std::vector<io_event>& to) {
        return host(SYS_io_pgetevents, context, from, to.size(), to.data(), pointer_or_null(time), &host_set);
      });
}

}  // namespace kontain::sys
