"""Prints what a process sees of itself in /proc, so that a native run and one under km print the same."""
import errno
import os
import re
import stat
import sys

PID = str(os.getpid())


def attempt(function, *arguments, **options):
    try:
        return function(*arguments, **options)
    except OSError as error:
        return errno.errorcode[error.errno]


def read(path, **options):
    with open(os.open(path, os.O_RDONLY, **options), "rb") as file:
        return file.read().decode("latin-1")


def show(*words):
    print(re.sub(rf"\b{PID}\b", "PID", " ".join(str(word) for word in words)))


def names_program(text):
    """maps of this program, and of nothing else."""
    return "/python3" in text and "[stack]" in text and not re.search(r"/km\b|kvm|anon_inode", text)


os.symlink("/proc/self/maps", "to_maps")
os.symlink("/proc", "to_proc")
os.symlink("to_proc/self", "to_self")
os.symlink("/proc/self/exe", "to_exe")
self_fd = os.open("/proc/self", os.O_RDONLY | os.O_DIRECTORY)
proc_fd = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
handle = os.open("/proc/self/maps", os.O_PATH)
here = os.open(".", os.O_PATH)

for path in (
    "/proc/self/maps",
    f"/proc/{PID}/maps",
    "/proc/thread-self/maps",
    f"/proc/self/task/{PID}/maps",
    f"//proc/./self/../{PID}/maps",
    "/proc/self/root/proc/self/maps",
    "/proc/self/root/../../proc/thread-self/root/proc/self/maps",
    "/proc/self/cwd/to_maps",
    "/proc/self/cwd/to_proc/self/maps",
    "to_maps",
    "to_proc/self/maps",
    "to_self/maps",
    f"/proc/self/fd/{self_fd}/maps",
    f"/dev/fd/{self_fd}/maps",
    f"/proc/self/fd/{proc_fd}/self/maps",
    f"/proc/self/fd/{handle}",
    f"/proc/self/fd/{here}/to_maps",
    "/proc/self/smaps",
):
    show(path, names_program(attempt(read, path)))
show("openat", names_program(read("maps", dir_fd=self_fd)), names_program(read("self/maps", dir_fd=proc_fd)))
show("openat root", names_program(read("root/proc/self/maps", dir_fd=self_fd)))

for path in (
    "/proc/self/exe",
    "to_exe",
    "to_maps",
    "/proc/self/cwd",
    "/proc/self/root",
    "/proc/self",
    "/proc/thread-self",
    f"/proc/self/fd/{self_fd}",
    f"/proc/self/fd/{handle}",
    f"/proc/self/task/{PID}/exe",
    "/proc/self/maps",
    "/proc/self/ns/pid",
    "/proc/self/fd/9999",
):
    show("readlink", path, attempt(os.readlink, path))
show("readlinkat", os.readlink("exe", dir_fd=self_fd))
link = os.open("/proc/self/exe", os.O_PATH | os.O_NOFOLLOW)
show("readlink of a descriptor", os.readlink("", dir_fd=link))
os.close(link)

program = os.stat(os.path.realpath(sys.executable))
for path in ("/proc/self/exe", "to_exe"):
    show("stat", path, os.path.samestat(os.stat(path), program), read(path)[:4] == "\x7fELF")
show("fstatat", os.path.samestat(os.stat("exe", dir_fd=self_fd), program))
for name in ("exe", "maps", "fd", "status", "task"):
    info = os.lstat("/proc/self/" + name)
    show("lstat", name, stat.filemode(info.st_mode), info.st_uid)
show("no such file", attempt(read, "/proc/self/nothing"), attempt(read, "/proc/self/fd/9999"))
show("created", attempt(os.open, "/proc/self/new", os.O_CREAT | os.O_WRONLY))

scratch = os.getcwd()
os.chdir("/proc/self")
show("cwd", os.getcwd(), names_program(read("maps")), os.readlink("exe"), os.readlink("cwd"))
os.chdir("/proc/self/fd")
show("cwd", os.getcwd())
os.chdir("/proc/self/root")
show("cwd", os.getcwd())
os.chdir(scratch)

# The numbers are the native ones, but for what the test's own shells left open.
show("fds", [fd for fd in sorted(map(int, os.listdir("/proc/self/fd"))) if fd <= here + 1])
show("fdinfo", read(f"/proc/self/fdinfo/{self_fd}").split()[0])
show("tasks", os.listdir("/proc/self/task"))

with open(os.open("/proc/self/cwd/made", os.O_CREAT | os.O_WRONLY, 0o600), "w") as made:
    made.write("text")
show("made", stat.filemode(os.stat("made").st_mode), read(f"/proc/self/fd/{here}/made"))
os.chmod(f"/proc/self/fd/{here}/made", 0o640)
os.truncate("/proc/self/cwd/made", 2)
os.utime(f"/proc/self/fd/{here}/made", (5, 6))
info = os.stat("made")
show("changed", stat.filemode(info.st_mode), info.st_size, info.st_mtime)
os.unlink("/proc/self/cwd/made")
show("removed", os.path.exists("made"))

with open("/proc/self/comm", "w") as comm:
    comm.write("renamed")
show("comm", read("/proc/self/comm"))
status = dict(line.split(":\t", 1) for line in read("/proc/self/status").splitlines())
show("status", list(status))
show("status", [status[key].strip() for key in ("Name", "Pid", "Tgid", "Threads", "SigBlk", "SigIgn", "Seccomp")])
fields = read("/proc/self/stat").rsplit(")", 1)[1].split()
show("stat", len(fields), fields[0], fields[17])
show("statm", len(read("/proc/self/statm").split()))
show("cmdline", read("/proc/self/cmdline").split("\0"))
show("environ", "MARK=value\0" in read("/proc/self/environ"))
show("limits", read("/proc/self/limits"))
vector = read("/proc/self/auxv")
show("auxv", len(vector) % 16, vector.endswith("\0" * 16))
