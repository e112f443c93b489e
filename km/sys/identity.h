// Who the process is: ids, groups, sessions, capabilities. All of it is the host's.
#pragma once

#include "km/sys/args.h"

namespace kontain::sys {

// The two structures of capget(2), kept here because libc has neither.
struct CapHeader {
  uint32_t version;
  int32_t pid;
};
struct CapData {
  uint32_t effective;
  uint32_t permitted;
  uint32_t inheritable;
};

SysResult sys_getpid(Task& task);
SysResult sys_getppid(Task& task);
SysResult sys_gettid(Task& task);
SysResult sys_getpgid(Task& task, int pid);
SysResult sys_setpgid(Task& task, int pid, int group);
SysResult sys_getpgrp(Task& task);
SysResult sys_getsid(Task& task, int pid);
SysResult sys_setsid(Task& task);

SysResult sys_getuid(Task& task);
SysResult sys_geteuid(Task& task);
SysResult sys_getgid(Task& task);
SysResult sys_getegid(Task& task);
SysResult sys_setuid(Task& task, uint32_t user);
SysResult sys_setgid(Task& task, uint32_t group);
SysResult sys_setreuid(Task& task, uint32_t real, uint32_t effective);
SysResult sys_setregid(Task& task, uint32_t real, uint32_t effective);
SysResult sys_setresuid(Task& task, uint32_t real, uint32_t effective, uint32_t saved);
SysResult sys_setresgid(Task& task, uint32_t real, uint32_t effective, uint32_t saved);
SysResult sys_getresuid(Task& task, GuestPtr<uint32_t> real, GuestPtr<uint32_t> effective, GuestPtr<uint32_t> saved);
SysResult sys_getresgid(Task& task, GuestPtr<uint32_t> real, GuestPtr<uint32_t> effective, GuestPtr<uint32_t> saved);
SysResult sys_setfsuid(Task& task, uint32_t user);
SysResult sys_setfsgid(Task& task, uint32_t group);
SysResult sys_getgroups(Task& task, int count, GuestPtr<uint32_t> groups);
SysResult sys_setgroups(Task& task, int count, GuestPtr<const uint32_t> groups);

SysResult sys_capget(Task& task, GuestPtr<CapHeader> header, GuestPtr<CapData> data);
SysResult sys_capset(Task& task, GuestPtr<CapHeader> header, GuestPtr<const CapData> data);

}  // namespace kontain::sys
