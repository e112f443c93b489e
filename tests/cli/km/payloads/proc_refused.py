"""Prints every way to a file of the monitor, or of another process, that can be opened."""
import errno
import os

OTHER = str(os.getppid())
OWN = ("mem", "pagemap", "numa_maps", "map_files", "syscall", "stack", "clear_refs")
FOREIGN = OWN + ("maps", "smaps", "environ", "auxv", "exe", "root/etc/passwd", "cwd/.", "fd", "fdinfo", "io")
DENIED = (errno.EACCES, errno.ENOENT, errno.ELOOP, errno.EISDIR, errno.ENOTDIR)


def check(path, flags, **options):
    try:
        fd = os.open(path, flags, **options)
    except OSError as error:
        if error.errno not in DENIED:
            print(path, error)
        return
    print(path, hex(flags), "is open", os.readlink(f"/proc/self/fd/{fd}"))


os.symlink("/proc", "proc")
folder = os.open("/proc/self", os.O_PATH)
for flags in (os.O_RDONLY, os.O_RDWR, os.O_PATH, os.O_WRONLY | os.O_CREAT, os.O_RDONLY | os.O_DIRECTORY):
    for name in OWN:
        for way in ("/proc/self/", "/proc/thread-self/", "proc/self/", "/proc/self/root/proc/self/",
                    f"/proc/self/fd/{folder}/", f"/proc/self/task/{os.getpid()}/"):
            if way.startswith(("/proc/self/task", "/proc/thread-self")) and name == "map_files":
                continue  # threads have none
            check(way + name, flags)
        check(name, flags, dir_fd=folder)
    for name in FOREIGN:
        check(f"/proc/{OTHER}/{name}", flags)
        check(f"proc/{OTHER}/{name}", flags)
os.chdir("/proc/self")
check("mem", os.O_RDWR)
check("fd/../mem", os.O_RDWR)
for name in ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sysrq-trigger"):
    check(name, os.O_WRONLY)
check("/proc/kcore", os.O_RDONLY)
print("done")
