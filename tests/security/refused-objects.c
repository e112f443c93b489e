// Promises 2 and 4. Kernel objects that reach around the monitor cannot be made, nor devices opened by any name.

// natively: broke
#include "attack.h"

#include <linux/perf_event.h>
#include <sys/swap.h>

static void must_not_work(const char* what, long result) {
  if (result >= 0) broke("%s gave %ld", what, result);
}

static void attack_calls(void) {
  static char zeroes[4096];
  struct perf_event_attr attributes = {.size = sizeof attributes, .type = PERF_TYPE_SOFTWARE, .config = 1};
  must_not_work("userfaultfd", CALL(SYS_userfaultfd, O_CLOEXEC | 1));
  must_not_work("io_uring_setup", CALL(425, 8, zeroes));
  must_not_work("bpf", CALL(SYS_bpf, 0, zeroes, 72));
  must_not_work("perf_event_open", CALL(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
  must_not_work("memfd_secret", CALL(447, 0));
  must_not_work("map_shadow_stack", CALL(453, 0, 4096, 0));
  must_not_work("kexec_load", CALL(SYS_kexec_load, 0, 100, 0, 0x3e0000));
  must_not_work("init_module", CALL(SYS_init_module, zeroes, 16, ""));
  must_not_work("iopl", CALL(SYS_iopl, 0));
  must_not_work("modify_ldt", CALL(SYS_modify_ldt, 17, zeroes, 16));
  must_not_work("process_mrelease", CALL(448, 0, 0));
  must_not_work("ptrace", CALL(SYS_ptrace, 0, 0, 0, 0));
  must_not_work("set_mempolicy_home_node", CALL(450, target_page, 4096, 0, 0));
  must_not_work("open_by_handle_at", CALL(SYS_open_by_handle_at, AT_FDCWD, zeroes, 0));
  must_not_work("fanotify_init", CALL(SYS_fanotify_init, 0, 0));
  must_not_work("PR_SET_MM", CALL(SYS_prctl, 35, 6, target, 0, 0));
  must_not_work("PR_SET_PTRACER", CALL(SYS_prctl, 0x59616d61, -1L, 0, 0, 0));
  must_not_work("PR_SET_SYSCALL_USER_DISPATCH", CALL(SYS_prctl, 59, 1, 0x10000, 4096, 0));
  must_not_work("PR_SET_MDWE", CALL(SYS_prctl, 65, 1, 0, 0, 0));
}

static void attack_devices(void) {
  static const struct {
    const char* path;
    unsigned major, minor;
  } devices[] = {{"/dev/kvm", 10, 232},         {"/dev/mem", 1, 1},          {"/dev/kmem", 1, 2},
                 {"/dev/port", 1, 4},           {"/dev/vhost-net", 10, 238}, {"/dev/vhost-vsock", 10, 241},
                 {"/dev/userfaultfd", 10, 126}, {"/dev/cpu/0/msr", 202, 0},  {"/dev/vfio/vfio", 10, 196}};
  for (size_t i = 0; i < sizeof devices / sizeof *devices; ++i) {
    must_not_work(devices[i].path, CALL(SYS_open, devices[i].path, O_RDWR));
    unlink("device");
    if (mknod("device", S_IFCHR | 0600, makedev(devices[i].major, devices[i].minor)) != 0) continue;
    must_not_work("a node of our own", CALL(SYS_open, "device", O_RDONLY));
  }
  unlink("device");
}

// Opening for writing is enough: nothing is written natively either.
static void attack_kernel_settings(void) {
  static const char* const files[] = {"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe",
                                      "/proc/sysrq-trigger", "/sys/kernel/uevent_helper", "/sys/power/state"};
  for (size_t i = 0; i < sizeof files / sizeof *files; ++i) {
    must_not_work(files[i], CALL(SYS_open, files[i], O_WRONLY));
  }
  must_not_work("/proc/kcore", CALL(SYS_open, "/proc/kcore", O_RDONLY));
  must_not_work("/proc/kmsg", CALL(SYS_open, "/proc/kmsg", O_RDONLY | O_NONBLOCK));
}

int main(void) {
  attack_calls();
  attack_devices();
  attack_kernel_settings();
  held();
}
