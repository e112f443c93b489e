/* Reads of the device that is named by asynchronous I/O, and says what became of it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char** argv) {
  static char bytes[64];
  aio_context_t context = 0;
  const int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;
  if (fd < 0 || syscall(SYS_io_setup, 1, &context) != 0) return 1;
  struct iocb request = {.aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = (uint32_t)fd, .aio_buf = (uintptr_t)bytes,
                         .aio_nbytes = sizeof bytes};
  struct iocb* list[] = {&request};
  if (syscall(SYS_io_submit, context, 1L, list) != 1) {
    printf("refused: %s\n", strerror(errno));
    return 0;
  }
  struct io_event event;
  if (syscall(SYS_io_getevents, context, 1L, 1L, &event, NULL) != 1) return 1;
  printf("read: %lld\n", (long long)event.res);
  return 0;
}
