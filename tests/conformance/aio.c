// Asynchronous I/O of the kernel: io_setup, io_submit, io_getevents, io_pgetevents, io_cancel, io_destroy.
#include "tests/conformance/case.h"

#include <linux/aio_abi.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <sys/uio.h>

static long setup(unsigned count, aio_context_t* context) { return syscall(SYS_io_setup, count, context); }
static long destroy(aio_context_t context) { return syscall(SYS_io_destroy, context); }
static long submit(aio_context_t context, long count, struct iocb** list) {
  return syscall(SYS_io_submit, context, count, list);
}
static long events(aio_context_t context, long least, long most, struct io_event* to, struct timespec* timeout) {
  return syscall(SYS_io_getevents, context, least, most, to, timeout);
}

static struct iocb request(int opcode, int fd, const void* buffer, size_t size, long offset) {
  struct iocb made = {.aio_lio_opcode = (uint16_t)opcode,
                      .aio_fildes = (uint32_t)fd,
                      .aio_nbytes = size,
                      .aio_buf = (uint64_t)(uintptr_t)buffer,
                      .aio_offset = offset};
  return made;
}

static aio_context_t new_context(void) {
  aio_context_t context = 0;
  MUST(setup(8, &context));
  return context;
}

// Submits one, fetches its event, says its result.
static long one(aio_context_t context, struct iocb* given) {
  struct io_event event = {0};
  given->aio_data = 0x1234567890abcdef;
  given->aio_key = 77;
  CHECK_EQ(submit(context, 1, &given), 1);
  CHECK_EQ(given->aio_key, 0);
  CHECK_EQ(events(context, 1, 1, &event, NULL), 1);
  CHECK_EQ(event.obj, (uint64_t)(uintptr_t)given);
  CHECK_EQ(event.data, 0x1234567890abcdef);
  CHECK_EQ(event.res2, 0);
  return event.res;
}

CASE(contexts) {
  aio_context_t context = 1, other = 0;
  CHECK_ERR(setup(8, &context), EINVAL);
  context = 0;
  CHECK_ERR(setup(0, &context), EINVAL);
  CHECK_ERR(setup(8, (aio_context_t*)16), EFAULT);
  MUST(setup(8, &context));
  MUST(setup(1, &other));
  CHECK(context != 0 && context != other);
  volatile const char* name = (const char*)context;  // libaio looks there
  (void)*name;
  CHECK_EQ(destroy(context), 0);
  CHECK_ERR(destroy(context), EINVAL);
  CHECK_ERR(submit(context, 0, NULL), EINVAL);
  CHECK_EQ(submit(other, 0, NULL), 0);
  CHECK_EQ(destroy(other), 0);
  CHECK_ERR(destroy(0), EINVAL);
}

CASE(reading_and_writing) {
  aio_context_t context = new_context();
  int fd = make_file("data", "abcdef", 6, 0600);
  char text[10] = "";
  struct iocb writing = request(IOCB_CMD_PWRITE, fd, "XY", 2, 2), reading = request(IOCB_CMD_PREAD, fd, text, 9, 1);
  say("%ld", one(context, &writing));
  say("%ld %s", one(context, &reading), text);
  struct iovec out[] = {{(void*)"1", 1}, {(void*)"23", 2}}, in[] = {{text, 3}, {text + 5, 4}};
  struct iocb gathering = request(IOCB_CMD_PWRITEV, fd, out, 2, 4), scattering = request(IOCB_CMD_PREADV, fd, in, 2, 0);
  say("%ld", one(context, &gathering));
  say("%ld %.3s %.4s", one(context, &scattering), text, text + 5);
  struct iocb all = request(IOCB_CMD_FSYNC, fd, NULL, 0, 0), data = request(IOCB_CMD_FDSYNC, fd, NULL, 0, 0);
  say("%ld %ld", one(context, &all), one(context, &data));
  MUST(destroy(context));
}

CASE(several_at_once) {
  aio_context_t context = new_context();
  int fd = make_file("data", "", 0, 0600);
  struct iocb requests[4];
  struct iocb* list[5] = {&requests[0], &requests[1], &requests[2], &requests[3], (struct iocb*)16};
  struct io_event found[8];
  struct timespec now = {0, 0};
  CHECK_EQ(events(context, 0, 8, found, &now), 0);
  for (int i = 0; i < 4; i++) {
    requests[i] = request(IOCB_CMD_PWRITE, fd, &"abcd"[i], 1, i);
    requests[i].aio_data = i;
  }
  say("accepted %ld", submit(context, 5, list));
  say("%ld", events(context, 3, 3, found, NULL));
  for (int i = 0; i < 3; i++)
    say("%lld: %lld, its own %d", found[i].data, found[i].res, found[i].obj == (uint64_t)list[i]);
  say("%ld", events(context, 1, 8, found, &now));
  CHECK_ERR(events(context, 2, 1, found, NULL), EINVAL);
  CHECK_ERR(events(context, -1, 1, found, NULL), EINVAL);
  CHECK_ERR(events(context + 4096, 0, 1, found, NULL), EINVAL);
  char text[5] = "";
  say("%zd %s", pread(fd, text, 4, 0), text);
  MUST(destroy(context));
}

CASE(refused_requests) {
  aio_context_t context = new_context();
  int fd = make_file("data", "abc", 3, 0600), reader = MUST(open("data", O_RDONLY));
  char text[4];
  struct iocb made = request(IOCB_CMD_PREAD, 999, text, 1, 0);
  struct iocb* list = &made;
  CHECK_ERR(submit(context, 1, &list), EBADF);
  made = request(IOCB_CMD_PWRITE, reader, text, 1, 0);
  CHECK_ERR(submit(context, 1, &list), EBADF);
  made = request(99, fd, text, 1, 0);
  CHECK_ERR(submit(context, 1, &list), EINVAL);
  made = request(IOCB_CMD_PREAD, fd, text, 1, 0);
  made.aio_reserved2 = 1;
  CHECK_ERR(submit(context, 1, &list), EINVAL);
  made = request(IOCB_CMD_PREAD, fd, text, (size_t)-1, 0);
  CHECK_ERR(submit(context, 1, &list), EINVAL);
  made = request(IOCB_CMD_PREADV, fd, (void*)16, 1, 0);
  CHECK_ERR(submit(context, 1, &list), EFAULT);
  made = request(IOCB_CMD_PREAD, fd, text, 1, 0);
  made.aio_flags = IOCB_FLAG_RESFD;
  made.aio_resfd = fd;
  CHECK_ERR(submit(context, 1, &list), EINVAL);
  made.aio_resfd = 998;
  CHECK_ERR(submit(context, 1, &list), EBADF);
  list = (struct iocb*)16;
  CHECK_ERR(submit(context, 1, &list), EFAULT);
  CHECK_ERR(submit(context, 1, (struct iocb**)16), EFAULT);
  CHECK_ERR(submit(context, -1, &list), EINVAL);
  made = request(IOCB_CMD_PREAD, fd, (void*)16, 3, 0);
  say("no buffer: %ld", one(context, &made));
  MUST(destroy(context));
}

CASE(told_by_an_eventfd) {
  aio_context_t context = new_context();
  int fd = make_file("data", "abc", 3, 0600), event = MUST(eventfd(0, EFD_CLOEXEC));
  char text[4] = "";
  uint64_t count = 0;
  struct iocb made = request(IOCB_CMD_PREAD, fd, text, 3, 0);
  struct iocb* list[] = {&made, &made};
  made.aio_flags = IOCB_FLAG_RESFD;
  made.aio_resfd = (uint32_t)event;
  CHECK_EQ(submit(context, 2, list), 2);
  CHECK_EQ(read(event, &count, sizeof count), sizeof count);
  say("%d %s", (int)count, text);
  MUST(destroy(context));
}

CASE(poll_requests_and_cancel) {
  aio_context_t context = new_context();
  int ends[2];
  MUST(pipe(ends));
  struct iocb made = request(IOCB_CMD_POLL, ends[0], (void*)POLLIN, 0, 0);
  struct iocb* list = &made;
  struct io_event event;
  struct timespec now = {0, 0};
  CHECK_EQ(submit(context, 1, &list), 1);
  CHECK_EQ(events(context, 0, 1, &event, &now), 0);
  MUST(write(ends[1], "x", 1));
  CHECK_EQ(events(context, 1, 1, &event, NULL), 1);
  say("ready %d", event.res == POLLIN);
  char byte;
  MUST(read(ends[0], &byte, 1));
  CHECK_EQ(submit(context, 1, &list), 1);
  CHECK_ERR(syscall(SYS_io_cancel, context, &made, &event), EINPROGRESS);
  CHECK_EQ(events(context, 1, 1, &event, NULL), 1);
  say("cancelled %lld, its own %d", event.res, event.obj == (uint64_t)(uintptr_t)&made);
  CHECK_ERR(syscall(SYS_io_cancel, context, &made, &event), EINVAL);
  made.aio_key = 1;
  CHECK_ERR(syscall(SYS_io_cancel, context, &made, &event), EINVAL);
  CHECK_ERR(syscall(SYS_io_cancel, context, (void*)16, &event), EFAULT);
  MUST(destroy(context));
}

static void nothing(int signal) { (void)signal; }

CASE(waiting_ends_by_a_signal) {
  aio_context_t context = new_context();
  struct io_event event;
  struct sigaction action = {.sa_handler = nothing};
  struct itimerval soon = {.it_value = {0, 50000}};
  struct {
    const uint64_t* mask;
    size_t size;
  } argument = {&(uint64_t){0}, 8};
  MUST(sigaction(SIGALRM, &action, NULL));
  MUST(setitimer(ITIMER_REAL, &soon, NULL));
  CHECK_ERR(events(context, 1, 1, &event, NULL), EINTR);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGALRM);
  MUST(sigprocmask(SIG_BLOCK, &set, NULL));
  MUST(setitimer(ITIMER_REAL, &soon, NULL));
  CHECK_ERR(syscall(SYS_io_pgetevents, context, 1L, 1L, &event, NULL, &argument), EINTR);
  struct timespec little = {0, 1000000};
  CHECK_EQ(syscall(SYS_io_pgetevents, context, 1L, 1L, &event, &little, NULL), 0);
  MUST(destroy(context));
}

static aio_context_t shared;
static void* waits(void* to) {
  CHECK_EQ(events(shared, 1, 1, (struct io_event*)to, NULL), 1);
  return NULL;
}

CASE(another_thread_waits) {
  shared = new_context();
  int fd = make_file("data", "abc", 3, 0600);
  char text[4] = "";
  struct io_event event = {0};
  struct iocb made = request(IOCB_CMD_PREAD, fd, text, 3, 0);
  struct iocb* list = &made;
  pthread_t thread;
  CHECK_EQ(pthread_create(&thread, NULL, waits, &event), 0);
  usleep(20000);
  CHECK_EQ(submit(shared, 1, &list), 1);
  pthread_join(thread, NULL);
  say("%lld %s", event.res, text);
  MUST(destroy(shared));
}

CASE(children_have_none) {
  aio_context_t context = new_context();
  int fd = make_file("data", "abc", 3, 0600);
  char text[4] = "";
  struct iocb made = request(IOCB_CMD_PREAD, fd, text, 3, 0);
  struct iocb* list = &made;
  pid_t pid = MUST(fork());
  if (pid == 0) {
    CHECK_ERR(submit(context, 1, &list), EINVAL);
    aio_context_t own = new_context();
    say("child: %ld", one(own, &made));
    _exit(0);
  }
  say_status("child", wait_for(pid));
  say("parent: %ld", one(context, &made));
}
