#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>

#include "km/sys/timers.h"
#include "tests/unit/sys/guest.h"

namespace kontain::test {
namespace {

struct Message {
  int64_t type;
  std::array<char, 16> text;
};

TEST_CASE("semaphore sets are the host's") {
  Guest guest;
  const int64_t set = guest.call("semget", IPC_PRIVATE, 3, 0600);
  REQUIRE(set >= 0);
  CHECK(guest.call("semctl", set, 1, SETVAL, 5) == 0);
  auto* operation = guest.make<sembuf>({1, -2, 0});
  CHECK(guest.call("semop", set, operation, 1) == 0);
  CHECK(guest.call("semctl", set, 1, GETVAL, 0) == 3);
  *operation = {1, -9, 0};
  CHECK(guest.call("semtimedop", set, operation, 1, guest.make<timespec>()) == -EAGAIN);
  CHECK(guest.call("semop", set, monitor_address(), 1) == -EFAULT);

  auto* values = guest.make<std::array<uint16_t, 4>>({1, 2, 3, 0xaaaa});
  CHECK(guest.call("semctl", set, 0, SETALL, values) == 0);
  *values = {0, 0, 0, 0xaaaa};
  CHECK(guest.call("semctl", set, 0, GETALL, values) == 0);
  CHECK(*values == std::array<uint16_t, 4>{1, 2, 3, 0xaaaa});
  CHECK(guest.call("semctl", set, 0, GETALL, monitor_address()) == -EFAULT);
  CHECK(guest.call("semctl", set, 0, SETALL, guest.unmapped()) == -EFAULT);

  auto* status = guest.make<semid_ds>();
  CHECK(guest.call("semctl", set, 0, IPC_STAT, status) == 0);
  CHECK(status->sem_nsems == 3);
  status->sem_perm.mode = 0640;
  CHECK(guest.call("semctl", set, 0, IPC_SET, status) == 0);
  CHECK(guest.call("semctl", set, 0, IPC_STAT, monitor_address()) == -EFAULT);
  CHECK(guest.call("semctl", set, 0, 4242, status) == -EINVAL);
  CHECK(guest.call("semctl", set, 0, IPC_RMID, 0) == 0);
  CHECK(guest.call("semctl", set, 0, GETALL, values) == -EINVAL);
}

TEST_CASE("messages go through the host's queue and stay inside the payload") {
  Guest guest;
  const int64_t queue = guest.call("msgget", IPC_PRIVATE, 0600);
  REQUIRE(queue >= 0);
  auto* message = guest.make<Message>({7, {'h', 'i'}});
  CHECK(guest.call("msgsnd", queue, message, 2, 0) == 0);
  *message = {};
  CHECK(guest.call("msgrcv", queue, message, 16, 0, IPC_NOWAIT) == 2);
  CHECK(message->type == 7);
  CHECK(message->text[1] == 'i');
  CHECK(guest.call("msgrcv", queue, message, 16, 0, IPC_NOWAIT) == -ENOMSG);
  CHECK(guest.call("msgsnd", queue, message, -1, 0) == -EINVAL);
  CHECK(guest.call("msgrcv", queue, message, -1, 0, 0) == -EINVAL);
  message->type = 1;
  CHECK(guest.call("msgsnd", queue, message, 2, 0) == 0);
  CHECK(guest.call("msgrcv", queue, monitor_address(), 16, 0, IPC_NOWAIT) == -EFAULT);
  auto* status = guest.make<msqid_ds>();
  CHECK(guest.call("msgctl", queue, IPC_STAT, status) == 0);
  CHECK(status->msg_perm.mode == 0600);
  CHECK(guest.call("msgctl", queue, 4242, status) == -EINVAL);
  CHECK(guest.call("msgctl", queue, IPC_RMID, nullptr) == 0);
}

TEST_CASE("message queues are descriptors of the payload") {
  Guest guest;
  const std::string name = "kontain-test-" + std::to_string(getpid());
  const char* text = guest.text(name);
  auto* attr = guest.make<mq_attr>();
  attr->mq_maxmsg = 2;
  attr->mq_msgsize = 32;
  const int64_t queue = guest.call("mq_open", text, O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, 0600, attr);
  if (queue == -ENOSYS) return;
  REQUIRE(queue >= 0);
  CHECK(guest.call("mq_timedsend", queue, guest.text("word"), 4, 3, nullptr) == 0);
  auto* buffer = static_cast<char*>(guest.allocate(32));
  auto* priority = guest.make<unsigned>();
  CHECK(guest.call("mq_timedreceive", queue, buffer, 32, priority, nullptr) == 4);
  CHECK(*priority == 3);
  CHECK(buffer[3] == 'd');
  CHECK(guest.call("mq_timedreceive", queue, buffer, 32, priority, nullptr) == -EAGAIN);
  CHECK(guest.call("mq_getsetattr", queue, nullptr, attr) == 0);
  CHECK(attr->mq_msgsize == 32);
  CHECK(guest.call("mq_getsetattr", queue, nullptr, monitor_address()) == -EFAULT);
  auto* event = guest.make<sys::SignalEvent>();
  event->notify = SIGEV_NONE;
  CHECK(guest.call("mq_notify", queue, event) == 0);
  CHECK(guest.call("mq_notify", queue, nullptr) == 0);
  event->notify = SIGEV_THREAD;
  event->signal = guest.monitor_fd();
  event->value = reinterpret_cast<uint64_t>(buffer);
  CHECK(guest.call("mq_notify", queue, event) == -EBADF);
  event->signal = 0;
  event->value = reinterpret_cast<uint64_t>(monitor_address());
  CHECK(guest.call("mq_notify", queue, event) == -EFAULT);
  CHECK(guest.call("mq_unlink", text) == 0);
  CHECK(guest.call("mq_unlink", text) == -ENOENT);
  close(static_cast<int>(queue));
}

}  // namespace
}  // namespace kontain::test
