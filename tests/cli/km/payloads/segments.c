// System V shared memory, reported line by line: equal natively and under km.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

static int id;

static int attach_error(char* at, int flags) { return shmat(id, at, flags) == (void*)-1 ? errno : 0; }
static int attachments(void) {
  struct shmid_ds status;
  return shmctl(id, IPC_STAT, &status) == 0 ? (int)status.shm_nattch : -errno;
}

int main(void) {
  id = shmget(IPC_PRIVATE, 3 * 4096, IPC_CREAT | 0600);
  char* writable = shmat(id, NULL, 0);
  char* readable = shmat(id, NULL, SHM_RDONLY);
  if (writable == (void*)-1 || readable == (void*)-1) return 1;
  strcpy(writable + 4096, "shared");
  printf("%s, attached %d times\n", readable + 4096, attachments());
  char* place = mmap(NULL, 5 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  printf("unaligned %d, taken %d\n", attach_error(place + 5, 0), attach_error(place, 0));
  char* replaced = shmat(id, place + 5, SHM_RND | SHM_REMAP);
  printf("rounded %d: %s\n", replaced == place, replaced + 4096);
  munmap(writable + 4096, 4096);
  printf("detached %d, again %d, left %d\n", shmdt(writable), shmdt(writable) == 0 ? 0 : errno, attachments());
  printf("removed %d\n", shmctl(id, IPC_RMID, NULL));
  shmdt(readable);
  printf("%s until the last\n", replaced + 4096);
  shmdt(replaced);
  printf("gone %d\n", attachments());
  printf("huge %d\n", shmget(IPC_PRIVATE, 2 << 20, SHM_HUGETLB | IPC_CREAT | 0600) < 0);
  return 0;
}
