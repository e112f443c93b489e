// What mappings are of: files that grow and shrink, memfds, System V memory; advice, locks, copies after fork.
#include "tests/conformance/memory.h"

#include <sys/ipc.h>
#include <sys/resource.h>
#include <sys/shm.h>

static int probe_in_child(void* address) { return probe((char*)address, 1); }

CASE(private_file_mapping) {
  char text[10] = "";
  int fd = make_file("data", "abcdef", 6, 0600);
  char* memory = (char*)MUST(mmap(NULL, PAGE, READ_WRITE, MAP_PRIVATE, fd, 0));
  MUST(pwrite(fd, "X", 1, 1));
  memory[0] = 'Z';
  MUST(pwrite(fd, "Y", 1, 2));
  MUST(pread(fd, text, 6, 0));
  say("memory %c, file %s, rest %d", memory[0], text, memory[6]);
}

CASE(shared_file_mapping) {
  char text[10] = "";
  int fd = make_file("data", "abcdef", 6, 0600);
  char* memory = (char*)MUST(mmap(NULL, PAGE, READ_WRITE, MAP_SHARED, fd, 0));
  char* other = (char*)MUST(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
  close(fd);
  memory[0] = 'Z';
  fd = MUST(open("data", O_RDWR));
  MUST(pwrite(fd, "Y", 1, 2));
  MUST(msync(memory, PAGE, MS_SYNC));
  MUST(pread(fd, text, 6, 0));
  say("memory %.6s, file %s, other %.6s", memory, text, other);
  CHECK_ERR(msync(memory, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
  munmap(memory, PAGE);
  CHECK_ERR(msync(memory, PAGE, MS_SYNC), ENOMEM);
}

CASE(file_grows_and_shrinks) {
  int fd = make_file("data", "abc", 3, 0600);
  char* memory = (char*)MUST(mmap(NULL, 4 * PAGE, READ_WRITE, MAP_SHARED, fd, 0));
  for (int i = 0; i < 3; i++) {
    MUST(ftruncate(fd, 3 * PAGE));
    say("grown: %d %d %d", probe(memory, 1), probe(memory + 2 * PAGE, 1), probe(memory + 3 * PAGE, 1));
    memory[2 * PAGE] = 9;
    MUST(ftruncate(fd, PAGE + 1));
    say("shrunk: %d %d %d", probe(memory, 1), probe(memory + PAGE, 1), probe(memory + 2 * PAGE, 0));
  }
  MUST(ftruncate(fd, 3 * PAGE));
  say("zero again %d", memory[2 * PAGE]);
}

CASE(private_mapping_of_a_shrunk_file) {
  int fd = make_file("data", "", 0, 0600);
  MUST(ftruncate(fd, 2 * PAGE));
  char* memory = (char*)MUST(mmap(NULL, 2 * PAGE, READ_WRITE, MAP_PRIVATE, fd, 0));
  memory[PAGE] = 5;
  memory[0] = 6;
  MUST(ftruncate(fd, 0));
  say("%d %d", probe(memory, 0), probe(memory + PAGE, 0));
}

static int shrink(void* unused) {
  (void)unused;
  return truncate("data", 0);
}
CASE(file_shrunk_by_another_process) {
  int fd = make_file("data", "", 0, 0600);
  MUST(ftruncate(fd, 2 * PAGE));
  char* memory = (char*)MUST(mmap(NULL, 2 * PAGE, READ_WRITE, MAP_SHARED, fd, 0));
  memory[PAGE] = 5;
  say_status("child", run_child(shrink, NULL));
  say("%d %d", probe(memory, 0), probe(memory + PAGE, 1));
  CHECK_ERR(write(fd, memory, 1), EFAULT);
}

CASE(offset_mapping) {
  int fd = make_file("data", "", 0, 0600);
  MUST(ftruncate(fd, 4 * PAGE));
  for (int i = 0; i < 4; i++) MUST(pwrite(fd, &"ABCD"[i], 1, i * PAGE));
  char* memory = (char*)MUST(mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 2 * PAGE));
  say("%c%c, write %d", memory[0], memory[PAGE], probe(memory, 1));
}

CASE(mapping_outlives_the_file) {
  int fd = make_file("data", "kept", 4, 0600);
  char* memory = (char*)MUST(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
  close(fd);
  unlink("data");
  say("%.4s", memory);
}

CASE(mremap_of_shared_memory_duplicates) {
  char* memory = (char*)shared_memory(PAGE);
  memory[0] = 3;
  char* twin = (char*)MUST(mremap(memory, 0, PAGE, MREMAP_MAYMOVE));
  twin[1] = 4;
  say("%d %d", twin[0], memory[1]);
}

CASE(mremap_of_files) {
  int fd = make_file("data", "abc", 3, 0600);
  MUST(ftruncate(fd, 4 * PAGE));
  MUST(pwrite(fd, "x", 1, 3 * PAGE));
  char* memory = (char*)MUST(mmap(NULL, PAGE, READ_WRITE, MAP_SHARED, fd, 0));
  memory = (char*)MUST(mremap(memory, PAGE, 4 * PAGE, MREMAP_MAYMOVE));
  say("%c %c", memory[0], memory[3 * PAGE]);
}

CASE(populate) {
  unsigned char residency[4];
  char* memory = MAP(NULL, 4 * PAGE, READ_WRITE, ANONYMOUS | MAP_POPULATE);
  MUST(mincore(memory, 4 * PAGE, residency));
  say("%d %d", residency[0] & 1, residency[3] & 1);
  char* later = private_memory(4 * PAGE, READ_WRITE);
  CHECK_EQ(madvise(later, 4 * PAGE, 23), 0);  // MADV_POPULATE_WRITE
  MUST(mincore(later, 4 * PAGE, residency));
  say("%d %d", residency[0] & 1, residency[3] & 1);
  CHECK_ERR(mincore(memory + 1, PAGE, residency), EINVAL);
  CHECK_ERR(mincore(memory, PAGE, (unsigned char*)16), EFAULT);
  CHECK_EQ(mincore(NULL, 0, NULL), 0);
  munmap(memory, PAGE);
  CHECK_ERR(mincore(memory, PAGE, residency), ENOMEM);
}

static int value_in_child(void* address) {
  int fault = probe((char*)address, 0);
  return fault ? 200 : *(char*)address;
}

CASE(dontfork_and_wipeonfork) {
  char* memory = private_memory(3 * PAGE, READ_WRITE);
  memset(memory, 7, 3 * PAGE);
  MUST(madvise(memory, PAGE, MADV_DONTFORK));
  MUST(madvise(memory + PAGE, PAGE, 18));  // MADV_WIPEONFORK
  for (int i = 0; i < 3; i++) say_status("child", run_child(value_in_child, memory + i * PAGE));
  MUST(madvise(memory, PAGE, MADV_DOFORK));
  MUST(madvise(memory + PAGE, PAGE, 19));  // MADV_KEEPONFORK
  for (int i = 0; i < 2; i++) say_status("child", run_child(value_in_child, memory + i * PAGE));
  say("parent %d %d", memory[0], memory[PAGE]);
}

static int write_and_leave(void* address) {
  ((char*)address)[0] = 55;
  return 0;
}

CASE(sharing_over_fork) {
  int fd = make_file("data", "a", 1, 0600);
  char* shared_file = (char*)MUST(mmap(NULL, PAGE, READ_WRITE, MAP_SHARED, fd, 0));
  char* private_file = (char*)MUST(mmap(NULL, PAGE, READ_WRITE, MAP_PRIVATE, fd, 0));
  char* shared = (char*)shared_memory(PAGE);
  char* own = private_memory(PAGE, READ_WRITE);
  char* all[] = {shared_file, private_file, shared, own};
  own[0] = private_file[0] = 1;
  for (int i = 0; i < 4; i++) {
    say_status("child", run_child(write_and_leave, all[i]));
    say("%d", all[i][0]);
  }
}

CASE(protection_over_fork) {
  char* memory = private_memory(3 * PAGE, READ_WRITE);
  MUST(mprotect(memory, PAGE, PROT_READ));
  MUST(mprotect(memory + PAGE, PAGE, PROT_NONE));
  for (int i = 0; i < 3; i++) say_status("child", run_child(probe_in_child, memory + i * PAGE));
}

CASE(locking) {
  struct rlimit limit = {1 << 20, 1 << 20};
  char* memory = private_memory(4 * PAGE, READ_WRITE);
  MUST(setrlimit(RLIMIT_MEMLOCK, &limit));
  CHECK_EQ(mlock(memory, 2 * PAGE), 0);
  memory[0] = 1;
  CHECK_EQ(munlock(memory, 2 * PAGE), 0);
  CHECK_EQ(syscall(SYS_mlock2, memory, PAGE, 1), 0);
  CHECK_ERR(syscall(SYS_mlock2, memory, PAGE, 8), EINVAL);
  munmap(memory + PAGE, PAGE);
  CHECK_ERR(mlock(memory, 3 * PAGE), ENOMEM);
  CHECK_ERR(munlock(memory, 3 * PAGE), ENOMEM);
  CHECK_EQ(munlock(memory, PAGE), 0);
  say("as documented");
}

CASE(memfd_and_seals) {
  int fd = MUST(memfd_create("name", MFD_ALLOW_SEALING | MFD_CLOEXEC));
  MUST(ftruncate(fd, 2 * PAGE));
  char* memory = (char*)MUST(mmap(NULL, PAGE, READ_WRITE, MAP_SHARED, fd, 0));
  CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
  memory[0] = 1;
  munmap(memory, PAGE);
  CHECK_EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
  CHECK_ERR(ftruncate(fd, PAGE), EPERM);
  CHECK_ERR(ftruncate(fd, 3 * PAGE), EPERM);
  CHECK_EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL), 0);
  CHECK_ERR(write(fd, "x", 1), EPERM);
  CHECK_ERR((long)mmap(NULL, PAGE, READ_WRITE, MAP_SHARED, fd, 0), EPERM);
  CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), EPERM);
  memory = (char*)MUST(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
  say("%d, seals %x, write %d", memory[0], fcntl(fd, F_GET_SEALS), probe(memory, 1));
  CHECK_ERR(mprotect(memory, PAGE, READ_WRITE), EACCES);
}

CASE(system_v_shared_memory) {
  int id = shmget(IPC_PRIVATE, 3 * PAGE, 0600 | IPC_CREAT);
  MUST(id);
  char* memory = (char*)MUST(shmat(id, NULL, 0));
  char* reader = (char*)MUST(shmat(id, NULL, SHM_RDONLY));
  memory[PAGE] = 8;
  say("%d, write through the reader %d", reader[PAGE], probe(reader, 1));
  struct shmid_ds description;
  MUST(shmctl(id, IPC_STAT, &description));
  say("size %ld, attached %ld", (long)description.shm_segsz, (long)description.shm_nattch);
  MUST(shmctl(id, IPC_RMID, NULL));
  say_status("child", run_child(write_and_leave, memory));
  say("%d", reader[0]);
  MUST(shmdt(reader));
  say("detached %d", probe(reader, 0));
  CHECK_ERR(shmdt(reader), EINVAL);
  MUST(shmdt(memory));
}
